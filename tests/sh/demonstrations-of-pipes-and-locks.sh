# The programs that show pipes, FIFOs and locks: help, table, verdict.
f=/tmp/out-of-demonstration
for p in pipes fifo-chat lock-race; do $p --help | grep -c Usage; done
pipes 20 > $f; echo $?; grep -c 'TWO PIPES' $f; tail -n 1 $f
fifo-chat > $f; echo $?; grep -c '<' $f; grep -c received $f
lock-race -p 3 -n 30 > $f; echo $?; grep -c '^[no 1-5f].* 90 ' $f
grep -c '^[25f].* 90       90        0' $f
rm $f
