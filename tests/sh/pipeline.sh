echo abc | cat
echo abc | cat | cat | wc -c
(echo a; echo b) | grep b
echo x | (read y; echo got $y)
false | true; echo $?; true | false; echo $?
! false | false; echo $?
exit_with() { return $1; }; true | exit_with 5; echo $?
echo a |
cat
yes | head -n 2
x=1; echo 2 | read x; echo $x
echo one two | { read a b; echo $b $a; }
seq 5 | while read n; do echo $((n*n)); done | tail -n 1
{ echo out; echo err >&2; } 2>&1 | wc -l
cat /dev/null | wc -c
echo a | cat && echo ok || echo bad
seq 1000 | wc -l
