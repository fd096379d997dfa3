f() { echo f $# "$@"; }
f; f a "b c"
g() { return 3; }; g; echo $?
h() { echo $1; shift; [ $# -gt 0 ] && h "$@"; }; h 1 2 3
set -- outer; f inner; echo $1
k() { x=global; }; k; echo $x
r() { for i in 1 2 3; do [ $i = 2 ] && return 7; echo $i; done; }; r; echo $?
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1-1))))); fi; }; fact 10
out() { echo to file; } ; out > /tmp/shf.$$; cat /tmp/shf.$$; rm /tmp/shf.$$
s() ( x=sub; echo $x ); x=keep; s; echo $x
l() { local v=1 w; v=2; echo $v; }; v=out; l; echo $v
redefine() { redefine() { echo second; }; echo first; }; redefine; redefine
v=1 f env; echo "[$v]"
echo() { command echo wrapped "$@"; }; echo x; unset -f echo; echo x
f | cat
m()
{
  echo newline body
}
m
n() if true; then echo if body; fi; n
f 2>&1 >/dev/null; echo $?
