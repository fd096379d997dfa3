# sigdemo: turns alternate, and queues keep what they should.
# timeout: 120
f=/tmp/shsig.$$
sigdemo 300 > $f; echo $?
while read who a b c n; do
    case $who in
    parent|child) echo $who $n ;;
    esac
done < $f
grep -c ' 300  *[1-9]' $f
grep -c '^SIGUSR1  *5  *1  *yes$' $f
grep -c '^a real-time signal  *5  *5  *yes$' $f
rm $f
sigdemo --help | grep -c Usage
# dd tells on SIGUSR1 how far it is, and goes on.
dd if=/dev/zero of=/dev/null 2>$f &
until grep '^SigCgt:.*202$' /proc/$!/status >/dev/null; do sleep 0.05; done
until [ -s $f ]; do kill -USR1 $!; sleep 0.05; done
kill -0 $! && echo it goes on
kill $!
wait $!; echo $?
grep -c 'records in$' $f | grep -c '[1-9]'
rm $f
