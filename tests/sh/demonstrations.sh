# What the demonstrations show, as far as it is the same on every system.
# timeout: 120
f=/tmp/shdemo.$$
demand > $f; echo $?
grep -c 'read 1 page .* +1  *+0 ' $f
grep -c 'far apart .* +15  *+0 ' $f
grep -c 'read the 16 pages again .* +0  *+0 ' $f
grep -c 'write to the 16 pages .* +16  *+0 ' $f
grep -c 'write to the 16 pages again .* +0  *+0 ' $f
cow 4 > $f; echo $?
while read line; do
    case $line in
    'after fork '*) before=${line##* } ;;
    'after the child wrote half '*) after=${line##* } ;;
    esac
done < $f
n=$((after - before))
[ $n -ge 512 ] && [ $n -lt 600 ] && echo one fault for each of 512 pages
fork-tree 3 > $f; echo $?; tail -n 1 $f
zombie > $f; echo $?; grep -c ' Z ' $f; grep -c none $f; tail -n 1 $f
orphan > $f; echo $?; grep -c 'parent gone .* 1$' $f
rm $f
for p in cow demand fork-tree zombie orphan bench; do $p --help | grep -c Usage; done
