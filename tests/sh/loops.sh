for i in 1 2 3; do echo $i; done
for i in; do echo never; done; echo $?
for i in a b
do
 echo $i
done
i=0; while [ $i -lt 3 ]; do echo w$i; i=$((i+1)); done
until [ $i -eq 0 ]; do i=$((i-1)); echo u$i; done
for i in 1 2 3 4 5; do [ $i -eq 2 ] && continue; [ $i -eq 4 ] && break; echo $i; done
for i in 1 2; do for j in a b c; do [ $j = b ] && continue 2; echo $i$j; done; done
for i in 1 2; do for j in a b c; do [ $j = b ] && break 2; echo $i$j; done; done
while true; do break; done; echo $?
while false; do :; done; echo $?
for i in 1; do false; done; echo $?
for i in 1 2 3; do echo $i; done | while read x; do echo got $x; done
set -- p q; for i do echo $i; done; for i
do echo $i; done
n=0; while :; do n=$((n+1)); case $n in 3) continue;; 5) break;; esac; echo $n; done
for i in 1 2 3; do echo x; break; done > /tmp/shloop.$$; cat /tmp/shloop.$$; rm /tmp/shloop.$$
i=0; while i=$((i+1)); [ $i -le 2 ]; do echo c$i; done
for f in "a b" 'c'; do echo "$f"; done
while echo cond; false; do :; done
