d=/tmp/shtt.$$; mkdir $d; cd $d || exit 1
seq 20 > n; for i in alpha Beta gamma 'a b' '' 'x.y' 'x+y' 'tab	t'; do echo "$i"; done > w
head n; head -3 n; head -n 2 n; head -c 5 n; echo; head -n 0 n; head -n 1 n w; seq 5 | head -n 2
tail n; tail -3 n; tail -n 2 n; tail -c 4 n; tail -n +18 n; tail -n 1 n w; seq 5 | tail -n 2; tail -c +48 n
wc n; wc -l n; wc -w w; wc -c w n; wc -l < n; cat n | wc -lw
grep a w; echo $?; grep -v a w; grep -c a w; grep -n a w; grep -i ALPHA w; grep -q zzz w; echo $?; grep '^a' w; grep 'a$' w
grep 'x.y' w; grep -F 'x.y' w; grep 'x\.y' w; grep '[ab] ' w; grep 'm*a' w; grep '^$' w | wc -l; grep -l a w n; grep 1 n w; grep -h 1 n; grep -o 'a.' w
grep -e -x w; echo $?; grep '[^a-z]' w; grep -x alpha w; grep nothere nonexistent 2>/dev/null; echo $?; grep 'al\+' w; grep -c '' w
seq 3; seq 2 4; seq 1 3 10; seq 5 -2 0; seq 3 1; echo $?
echo one two  three; echo -n x; echo; echo
printf '%s-%d\n' a 1 b 2; printf '%5s|%-5s|%05d|%x|%o|%c\n' ab cd 42 255 8 xyz; printf 'no args\n'; printf '%b' 'a\tb\n'; printf '%%\n'; printf '%s\n'; printf '%d\n' 0x1f; printf '%3d|%-3d|%+d|%#x\n' 5 6 7 255; printf '%.2s|%.3d\n' abcdef 7; printf 'a\101\n'
yes abc | head -n 2; yes | head -c 4
echo tee | tee t1 t2; cat t1 t2; echo more | tee -a t1 > /dev/null; cat t1
cat n - w < t1 | wc -l; cat nonexistent 2>/dev/null; echo $?
true; echo $?; false; echo $?; env -i A=1 B=2 env; env A=5 sh -c 'echo $A'; env nonexistent-cmd 2>/dev/null; echo $?
sleep 0; echo $?; sleep x 2>/dev/null; echo $?
date -u +%% ; date +%Y | grep -c '^20'
cd /; rm -r $d
