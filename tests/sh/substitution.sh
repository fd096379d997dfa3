echo $(echo a) `echo b` "$(echo c  d)" $(echo c  d)
echo $(echo $(echo $(echo deep)))
echo `echo \`echo nested\``
x=$(echo multi; echo line); echo "$x"
x=$(false); echo $?; x=$(exit 5); echo $?; x=$(true); echo $?
echo $(exit 3); echo $?
y=`echo "a b"`; echo "$y"
echo "$(echo '")"')"
echo $(case x in x) echo in case;; esac)
echo $(if true; then echo in if; fi)
echo $(for i in 1 2; do echo $i; done)
echo "pre$(echo mid)post"
x=$(cat <<E
hd
E
); echo $x
echo $(echo a # comment
echo b)
echo $( (echo sub) )
f() { echo fn $1; }; echo $(f 1)$(f 2)
z=$(x=inner; echo $x); echo $z $x
echo "`echo "dq"`" `echo '$x'`
echo $(echo 'a  b')
v="$(echo x; echo; echo)"; echo "[$v]"
[ "$(echo same)" = same ] && echo eq
echo $() empty
echo ${u:-$(echo "a b" | cat)}
