nonexistent-command 2>/dev/null; echo $?
/nonexistent/path 2>/dev/null; echo $?
/dev/null 2>/dev/null; echo $?
/tmp 2>/dev/null; echo $?
: > /tmp/shs.$$; /tmp/shs.$$ 2>/dev/null; echo $?; rm /tmp/shs.$$
sh -c 'exit 300'; echo $?; sh -c 'exit 255'; echo $?; (exit 42); echo $?
sh -c 'echo "$0" "$@"' name a b; sh -c 'echo $#'
sh -c ''; echo $?
sh -c 'false'; echo $?
sh -c 'nope' 2>/dev/null; echo $?
sh -c 'if' 2>/dev/null; echo $?
sh -c 'echo a; echo )' 2>/dev/null; echo $?
sh -c 'echo "unterminated' 2>/dev/null; echo $?
echo 'echo from stdin; exit 4' | sh; echo $?
echo 'echo $1' | sh -s arg; echo $?
f=/tmp/shq.$$; echo 'echo script $# $1; exit 6' > $f; sh $f a b; echo $?; rm $f
sh -c 'kill -SEGV $$' 2>/dev/null; echo $?
sh -c 'sh -c "kill -9 \$\$"; echo $?' 2>/dev/null
true; echo $?; false; echo $?
x=1 true; echo $? "$x"
: ; echo $?
export A=1; sh -c 'echo $A'; B=2 sh -c 'echo $B'; echo "[$B]"
A=3 sh -c 'echo $A'; echo $A; unset A; sh -c 'echo "[$A]"'
sh -c 'echo ${x?msg}; echo no' 2>/dev/null; echo $?
sh -c 'readonly r=1; r=2; echo no' 2>/dev/null; echo $?
sh -c '. /nonexistent; echo no' 2>/dev/null; echo $?
sh -c 'shift 5; echo no' 2>/dev/null; echo $?
(false); echo $?; eval; echo $?
