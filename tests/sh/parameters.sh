x=abc; unset u; e=
echo ${x} ${x}d "${x}e" $x$x
echo "${u-def}" "${u:-def}" "${e-def}" "${e:-def}" "${x-def}"
echo "${u+alt}" "${e+alt}" "${e:+alt}" "${x:+alt}"
echo "${u=set}" "$u"; echo "${e:=set2}" "$e"
echo ${#x} ${#u}
p=/usr/local/lib/file.tar.gz
echo ${p%/*} ${p%%/*} ${p#*/} ${p##*/} ${p%.gz} ${p%%.*} ${p#x} ${p%x}
echo "${p##*.}" "${p%"/file.tar.gz"}"
s='*'; q='a*b*c'
echo "${q%"*"*}" "${q%$s}" "${q%"$s"*}" "${q#*\*}"
set -- one "two three" four
echo $# $1 "$2" $3
echo "$@"; echo "$*"
for i in "$@"; do echo "<$i>"; done
for i in $@; do echo "<$i>"; done
for i in "$*"; do echo "<$i>"; done
for i in x"$@"y; do echo "<$i>"; done
IFS=:; echo "$*"; IFS=; echo "$*"; unset IFS
shift; echo $# "$1"
shift 2; echo $#
for i in "$@"; do echo never; done
for i in "$@" ""; do echo "<$i>"; done
set -- a b c d e f g h i j k
echo $10 ${10} ${11}
set -- "" b; for i in "$@"; do echo "<$i>"; done
echo "${1:-empty}" "${3:-unset}"
echo ${x:-a b} "${u2:-a  b}"
for i in ${u3:-a b "c d"}; do echo "<$i>"; done
for i in "${u3:-a b}" ${u3:-"e f"}; do echo "<$i>"; done
echo "${u4:-$(echo sub)}" "${u4:-${x}}" "${u4:-"q q"}"
y=${x#a}z; echo $y
echo $((${#p}+1))
a=1 b=$a; echo $b
echo "${u5:-}" end
echo ${x:+"a  b"}
