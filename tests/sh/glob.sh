d=/tmp/shglob.$$; mkdir -p $d/sub/deep; cd $d || exit 1
for f in a.c b.c c.h .hid 'sp ace' ab; do : > "$f"; done
: > sub/x.c; : > sub/y.h; : > sub/deep/z.c
echo *.c; echo *; echo .h*; echo ?.c; echo [ab].c; echo [!a].c; echo [a-c].*
echo *.nope; echo "*.c" '*.c' \*.c; echo sub/*; echo */*.c; echo */*/*.c
x='*.c'; echo $x "$x"
for f in *; do echo "<$f>"; done
echo a*; echo *b; echo "a"*; echo s*' '*; echo ./*.h
set -f; echo *.c; set +f; echo *.c
case a.c in *.c) echo match;; esac
echo [; echo []; echo a[b
cd sub; echo ../*.c; cd /
echo $d/*.h | wc -w
rm -r $d
