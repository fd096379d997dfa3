t() { case $1 in a) echo A;; b|c) echo BC;; [0-9]*) echo num;; *.c) echo src;; "x y") echo xy;; \*) echo star;; ?) echo one;; '') echo empty;; *) echo other;; esac; }
t a; t b; t c; t 12; t foo.c; t "x y"; t '*'; t z; t ''; t long
case x in (x) echo paren;; esac
case x in y) ;; esac; echo $?
case x in x) false;; esac; echo $?
p='*.h'; case foo.h in $p) echo var;; esac
case foo.h in "$p") echo no;; *) echo quoted;; esac
case "a b" in a\ b) echo esc;; esac
case abc in a*c) echo yes;; esac
case [x] in \[x\]) echo br;; esac
case a in
  a)
    echo 1
    echo 2
    ;;
  b) echo 3
esac
case $(echo hi) in hi) echo cs;; esac
case - in [a-z]) echo no;; [-x]) echo dash;; esac
case ] in []]) echo rb;; esac
case b in [!a]) echo nota;; esac
case x in x) case y in y) echo nested;; esac;; esac
