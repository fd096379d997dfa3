# snapshot: consistent images, alone and as a server that others use meanwhile;
# peterson: no lock loses a step.
# timeout: 120
f=/tmp/shstore.$$
s=/tmp/shstore.socket.$$
snapshot --help | grep -c Usage
snapshot 1 > $f; echo $?
grep -c ' consistent$' $f
snapshot -s $s 1 > $f &
until [ "$(snapshot -c $s get account:7 2>/dev/null)" ]; do sleep 0.05; done
for request in 'get account:7' 'get nobody' 'add somebody 5' 'add somebody 2' \
    'sum' 'and what'; do
    snapshot -c $s $request
done
snapshot -c $s save > $f.saved &
for i in 1 2 3 4 5 6 7 8 9 10; do snapshot -c $s add account:$i 1; done
wait $!
cat $f.saved
snapshot -c $s sum
snapshot -c $s save
snapshot -c $s stop
wait
grep -c ' consistent$' $f
snapshot -c $s sum 2>/dev/null || echo gone
rm $f $f.saved $s.image
peterson --help | grep -c Usage
peterson 2000 > $f; echo $?
rm $f
