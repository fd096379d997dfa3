if true; then
# comment
echo a; fi; { echo b; }; (echo c)
a=1; b="$a"2; c='3'; echo $a$b$c
echo if then else fi do done { }
for if in then; do echo $if; done
{ echo x
}
( echo y
)
echo a;echo b;
echo a& wait
x=a;y=b;echo $x$y
echo a && echo b || echo c ; echo d
echo "a;b" 'c&d' e\;f
if true;then echo compact;fi
while false;do :;done;echo after
echo a\ b\	c
case a in a)echo nospace;;esac
f(){ echo tight;};f
echo a |cat|cat
true&&echo x||echo y
! false&&echo n
x= ; echo "[$x]"
x=1 y=2; echo $x $y
echo x=1
a=b=c; echo $a
=x 2>/dev/null; echo $?
HOME=/h; echo ~ ~/x "~" a~ x=~; p=~/a:~/b; echo $p
echo a # c1
# c2
echo b#no
echo {a,b}
echo a{b}c
{ { { echo nest; }; }; }
echo done
