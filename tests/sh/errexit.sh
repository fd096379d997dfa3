sh -ec 'true; false; echo no'; echo $?
sh -ec 'if false; then :; fi; echo ok'; echo $?
sh -ec 'false || true; echo ok'; echo $?
sh -ec 'false && true; echo ok'; echo $?
sh -ec '! true; echo ok'; echo $?
sh -ec 'while false; do :; done; echo ok'; echo $?
sh -ec '(exit 3); echo no'; echo $?
sh -ec 'f() { false; echo no; }; f; echo no'; echo $?
sh -ec 'f() { false; echo yes; }; if f; then echo ok; fi'; echo $?
sh -ec 'true | false; echo no'; echo $?
sh -ec 'false | true; echo ok'; echo $?
sh -ec 'x=$(false); echo no'; echo $?
sh -ec 'set +e; false; echo ok'; echo $?
sh -c 'set -e; false; echo no'; echo $?
sh -ec '{ false; }; echo no'; echo $?
sh -ec 'for i in 1 2; do false; done; echo no'; echo $?
sh -ec 'trap "echo bye" EXIT; false'; echo $?
sh -ec 'case x in x) false;; esac; echo no'; echo $?
sh -ec 'eval false; echo no'; echo $?
sh -ec 'echo $(false; echo x); echo ok'; echo $?
sh -uc 'echo $undefined; echo no' 2>/dev/null; echo $?
sh -uc 'echo ${undefined-ok} $# "$@"'; echo $?
