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
