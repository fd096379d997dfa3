# status: 8
# status: 8
cd /; pwd; cd /tmp; pwd; cd - ; pwd; cd /dev/../dev/.; pwd
cd /nonexistent 2>/dev/null; echo $?; pwd
(cd /tmp; pwd); pwd
umask 022; umask; umask 77; umask; umask 022
eval 'x=1; echo $x'; eval echo '$x' "'a  b'"; e='echo "q q"'; eval $e; eval "$e"
f=/tmp/shb.$$; echo 'y=dotted; echo in dot $1; return 3' > $f; . $f; echo $? $y; rm $f
set -- a b c; echo $#; set --; echo $#; set x; echo $1; set -- -e; echo $1
export E=1; readonly R=2; (R=3) 2>/dev/null; echo $R
unset E; echo "${E-unset}"
exec 3>&1; echo to3 >&3; exec 3>&-
type cd | wc -l; command -v echo; command -v nonexistent; echo $?
command echo cmd; command true; echo $?
: ignored args; echo $?
sleep 0.1 & wait; echo $?
(exit 5) & wait $!; echo $?
wait 99999; echo $?
true & p=$!; wait $p; echo $?
kill -0 $$; echo $?
{ set -x; echo traced; x=1; set +x; } 2>&1
exec sh -c 'echo execed; exit 8'; echo never
