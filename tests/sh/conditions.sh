if true; then echo yes; else echo no; fi
if false; then echo yes; else echo no; fi
if false; then echo 1; elif true; then echo 2; else echo 3; fi
if false; then echo 1; elif false; then echo 2; fi; echo $?
true && echo and; false && echo no; echo $?
true || echo no; false || echo or
false || false || echo last; true && true && echo all
true && false || echo mixed
! true; echo $?; ! false; echo $?
if ! false; then echo neg; fi
if (exit 3); then :; else echo $?; fi
{ echo grp; false; }; echo $?
(echo sub; exit 4); echo $?
x=1; (x=2; echo $x); echo $x; { x=3; }; echo $x
if true
then
  echo multi
  echo line
fi
true; false; echo $?
if [ 1 -eq 1 ] && [ 2 -gt 1 ]; then echo both; fi
true &&
echo cont
false ||

echo cont2
