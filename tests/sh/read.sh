echo "a b c" | { read x y; echo "<$x><$y>"; }
echo "  a  b  " | { read x; echo "<$x>"; }
echo "a" | { read x y z; echo "<$x><$y><$z>"; }
cat <<'E' | { read x y; echo "<$x><$y>"; }
a\q c\ d
E
cat <<'E' | { read -r x y; echo "<$x><$y>"; }
a\q c\ d
E
cat <<'E' | { read x; echo "<$x>"; }
line1\
line2
E
echo "a:b:c" | { IFS=: read x y z; echo "<$x><$y><$z>"; }
echo "a:b:c:d" | { IFS=: read x y; echo "<$x><$y>"; }
echo "a::c" | { IFS=: read x y z; echo "<$x><$y><$z>"; }
echo -n 'no newline' | { read x; echo "$? <$x>"; }
read x < /dev/null; echo $?
seq 3 | while read n; do echo n$n; done
{ echo a; echo b; } | { read x; cat; }
echo "x y" | { IFS= read l; echo "<$l>"; }
echo '  lead' | { IFS= read -r l; echo "<$l>"; }
