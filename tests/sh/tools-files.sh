d=/tmp/shtf.$$; mkdir $d; cd $d || exit 1
mkdir a b; mkdir -p c/d/e c/d; echo $?; mkdir a 2>/dev/null; echo $?; mkdir x/y 2>/dev/null; echo $?
touch f1 f2; echo data > f3; ls; ls -1; ls -a | head -n 3; ls -d a; ls f1 a; ls -F; ls -A
ls nonexistent 2>/dev/null; echo $?; ls -r; ls -1 c/d
rmdir b; rmdir c 2>/dev/null; echo $?; ls
cp f3 f4; cat f4; cp f3 a; cat a/f3; cp -r c c2; ls c2/d; cp a b 2>/dev/null; echo $?; cp nonexistent z 2>/dev/null; echo $?; cp f1 f2 f3 a; ls a
mv f4 g; cat g; mv g a; ls a; mv nonexistent z 2>/dev/null; echo $?; mv f1 f2 a; ls
ln -s f3 l; cat l; ls -l l | grep -o 'l -> f3'; ln f3 h; cat h; ls -l f3 | wc -l; ln -s f3 l 2>/dev/null; echo $?; ln -sf a l2; ls -d l2
rm f3; cat l 2>/dev/null; echo $?; cat h; rm nonexistent 2>/dev/null; echo $?; rm -f nonexistent; echo $?; rm a 2>/dev/null; echo $?; rm -r a; echo $?; rm -rf c c2; ls
chmod 640 h; ls -l h | head -c 10; echo; chmod u+x,g-r h; ls -l h | head -c 10; echo; chmod a=r h; ls -l h | head -c 10; echo; chmod +x h; ls -l h | head -c 10; echo; mkdir -m 700 p; ls -ld p | head -c 10; echo
echo 12345 > s; wc -c < s; pwd | grep -c shtf
mkdir sub; touch sub/x sub/.y; ls -R sub; ls -a sub; ls sub/; rm -r sub
echo 'echo run' > script; sh script; ./script 2>/dev/null; echo $?; chmod +x script; ./script
echo '#!/bin/sh
echo hashbang $1 $#' > hb; chmod 755 hb; ./hb arg1 arg2; PATH=.:$PATH; hb z
cd ..; rm -rf $d; ls -d $d 2>/dev/null; echo $?
