x=val
cat <<EOF
plain $x ${x}s $(echo sub) `echo bq` $((1+1))
"quotes" 'kept' \$x \\ \a
  indented
EOF
cat <<'EOF'
literal $x $(echo no) \$
EOF
cat <<\EOF
also $x
EOF
cat <<-EOF
	tabs stripped $x
		all of them
	EOF
cat <<A; cat <<B
first
A
second
B
cat <<EOF | grep b
a
b
EOF
f() { cat <<EOF
in function $1
EOF
}
f arg; f again
while read l; do echo "<$l>"; done <<EOF
l1
l2
EOF
cat <<EOF
joined \
line
EOF
cat <<EOF

EOF
echo "$(cat <<EOF
inside $x
EOF
)"
if true; then cat <<EOF; fi
in if
EOF
cat <<"E O F"
spaced delimiter
E O F
big=$(i=0; while [ $i -lt 600 ]; do echo 0123456789; i=$((i+1)); done)
cat <<EOF | wc -c
$big
EOF
cat <<EOF
${u:-default "q"} ${x#v}
EOF
