t=/tmp/shr.$$; mkdir $t; cd $t
echo one > a; echo two >> a; cat a; cat < a
echo err >&2 2>/dev/null; (echo x >&2) 2>b; cat b
{ echo o; echo e >&2; } >both 2>&1; cat both
{ echo o; echo e >&2; } 2>&1 >only | cat; cat only
cat nonexistent 2>/dev/null || echo failed
exec 3>c; echo three >&3; exec 3>&-; cat c
exec 4<a; read x <&4; read y <&4; echo $x $y; exec 4<&-
echo abc > d; exec 5<>d; read z <&5; echo $z; echo more >&5; exec 5>&-; cat d
> empty; wc -c < empty
echo hi > e f g; cat e
: > h; if [ -s h ]; then echo no; else echo zero; fi
while read line; do echo "l:$line"; done < a
for i in 1 2; do echo $i; done > i; cat i
echo x > "sp ace"; cat "sp ace"; f=sp\ ace; cat < "$f"
echo closed >&- 2>/dev/null; echo $?
cat < /nonexistent/x 2>/dev/null; echo $?
(exec > j; echo in exec); cat j
echo a>k; cat k; echo 2>l; cat l | wc -l
2>m echo first >n; cat n
echo clob >| a; cat a
if true; then echo iffy; fi > o; cat o
(echo subshell) > p; cat p
cat 0<a
echo 1 2>&1 | cat
f() { echo func; }; f >q; cat q
cd /; rm -r $t
