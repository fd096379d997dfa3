t() { if "$@"; then echo T; else echo F $?; fi; }
t [ a ]; t [ "" ]; t [ ]; t [ -n a ]; t [ -z "" ]; t [ -z a ]; t [ -n "" ]
t [ a = a ]; t [ a = b ]; t [ a != b ]; t [ 1 -eq 01 ]; t [ 1 -ne 2 ]; t [ 1 -lt 2 ]; t [ 2 -le 1 ]; t [ 3 -gt 2 ]; t [ -1 -ge 0 ]
t [ -e / ]; t [ -d / ]; t [ -f / ]; t [ -e /nonexistent ]; t [ -r / ]; t [ -x / ]; t [ -c /dev/null ]; t [ -s /dev/null ]
t [ ! a = b ]; t [ ! "" ]; t [ a = a -a b = b ]; t [ a = b -o b = b ]; t [ "(" a = a ")" ]
t [ -n ]; t [ = ]; t [ ! ]; t [ -f ]; t [ "(" ]
t test 1 -eq 1; t test; t test x
t [ "a b" = "a b" ]; t [ "$u" = "" ]; t [ x"$u" = x ]
f=/tmp/sht.$$; : > $f; t [ -f $f ]; t [ -s $f ]; echo x > $f; t [ -s $f ]; ln -s $f $f.l; t [ -L $f.l ]; t [ -h $f ]; t [ $f -ef $f.l ]; rm $f $f.l
t [ 1 -eq x ] 2>/dev/null; t [ a = a 2>/dev/null
t [ -t 0 ] < /dev/null
t [ a -a "" ]; t [ "" -o b ]; t [ ! -e / ]; t [ ! -e / -o a ]
t [ "abc" \< "abd" ]; t [ 10 -gt 9 ]
t [ a = a -a ! b = c ]
