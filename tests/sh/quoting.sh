# single, double quotes, backslashes
echo 'a b'  "c  d" e\ f
echo "a\"b" 'a"b' "a'b" 'it'\''s'
echo "\$HOME \`x\` \\"
echo a"b"'c'd
echo ""
echo '' x "" y
echo "a
b"
echo a\
b
echo "a\
b"
x='$y'; echo $x "$x" '$x'
echo "$(echo "in \"side\"")"
echo \# not a comment # a comment
echo a#b
echo "tab	tab"
for i in "" "a b" c; do echo "[$i]"; done
echo nn | wc -c
echo "${x}"'${x}'
echo -n no newline; echo
echo "$" '$' \$
echo "a$" "$ b"
