# Without job control all jobs are in the shell's own group: kill %n is for the
# job's processes, not for the group.
sleep 100 &
kill %1
wait $!
echo $?
sleep 100 &
kill -KILL %1
wait $!
echo $?
kill %5 2>/dev/null || echo no such job
echo still here
