# The table of each program is complete, and no message is lost.
# timeout: 120
f=/tmp/shmsg.$$
shm-ring 500 > $f; echo $?
grep -c 'all in order' $f
mailbox 4 3 50 > $f; echo $?
grep -c '^client .* 50 .* 0$' $f
tail -n 1 $f
rm $f
for p in shm-ring mailbox; do $p --help | grep -c Usage; done
unix-echo --help | grep -c usage
unix-echo 50 > $f; echo $?
grep -c '^server .* 400$' $f
tail -n 1 $f
rm $f
