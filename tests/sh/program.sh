# a longer program: primes by trial division, strings, recursion
primes() { n=2; while [ $n -le $1 ]; do d=2; p=1
 while [ $((d*d)) -le $n ]; do if [ $((n%d)) -eq 0 ]; then p=0; break; fi; d=$((d+1)); done
 [ $p = 1 ] && echo -n "$n "; n=$((n+1)); done; echo; }
primes 60
rev() { s=$1 r=; while [ -n "$s" ]; do r=${s%"${s#?}"}$r; s=${s#?}; done; echo "$r"; }
rev "hello world"
hanoi() { [ $1 -eq 0 ] && return; hanoi $(($1-1)) $2 $4 $3; moves=$((moves+1)); hanoi $(($1-1)) $4 $3 $2; }
moves=0; hanoi 6 a b c; echo $moves
gcd() { if [ $2 -eq 0 ]; then echo $1; else gcd $2 $(($1%$2)); fi; }; gcd 1071 462
fib() { if [ $1 -lt 2 ]; then echo $1; else echo $(( $(fib $(($1-1))) + $(fib $(($1-2))) )); fi; }; fib 7
i=0; s=; while [ $i -lt 200 ]; do s="$s$i,"; i=$((i+1)); done; echo ${#s}
IFS=,; set -- $s; echo $# $1 ${200}; unset IFS
words="the quick brown fox jumps over the lazy dog the end"
for w in $words; do eval "c_$w=\$((\${c_$w:-0}+1))"; done; echo $c_the $c_fox
join() { sep=$1; shift; out=$1; shift; for a; do out=$out$sep$a; done; echo "$out"; }; join - a b c d
upto=$(seq 20 | while read k; do [ $((k%3)) -eq 0 ] && echo $k; done); echo $upto
