sh -c 'trap "echo exit" EXIT; echo body'
sh -c 'trap "echo exit" 0; exit 3'; echo $?
sh -c 'trap "echo got; exit 9" TERM; kill -TERM $$; echo after'; echo $?
sh -c 'trap "echo int" INT; kill -INT $$; echo after'; echo $?
sh -c 'trap "" TERM; kill -TERM $$; echo survived'; echo $?
sh -c 'trap "echo x" TERM; trap - TERM; kill -TERM $$; echo no' 2>/dev/null; echo $?
sh -c 'trap "echo usr1" USR1; kill -USR1 $$; kill -s USR1 $$; echo done'
sh -c 'trap "echo outer" EXIT; (echo sub); (trap "echo inner" EXIT; echo s2)'
sh -c 'trap "exit 5" EXIT; exit 3'; echo $?
sh -c 'trap "echo \$?" EXIT; (exit 7)'; echo $?
sh -c 'trap "echo first" USR1; trap "echo second" USR1; kill -USR1 $$; :'
sh -c 'kill -9 $$' 2>/dev/null; echo $?
sh -c 'kill -15 $$' 2>/dev/null; echo $?
sh -c 'trap "echo t" TERM; sh -c "kill -TERM $$"; echo after'
sh -c 'trap "echo waited; exit 2" USR1; (sleep 0.2; kill -USR1 $$) & wait; echo no'; echo $?
