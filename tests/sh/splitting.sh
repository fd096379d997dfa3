show() { echo $#: ; for i; do echo "<$i>"; done; }
x='  a  b   c '
show $x; show "$x"; show $x$x; show "$x"$x
show x$x"y"
IFS=:
y='a:b::c:'; show $y; show "$y"
y=':a'; show $y
y='::'; show $y
IFS=' :'
y=' a : b  c::d ' ; show $y
IFS=''
y='a b'; show $y
unset IFS
show $y
y='a\ b'; show $y
show $(echo a b; echo c)
show "$(echo a b; echo c)"
show $(echo; echo; echo x; echo)
e=; show $e; show "$e"; show $e"" ; show ''$e
show a${e}b $e c
IFS=,; set -- a,b "c,d"; show $1 $2 $*; show "$*"; unset IFS
n=$(echo; echo; echo x; echo; echo); show "$n"
