for from in 1 2 3; do
  for to in 1 2 3; do
    if [ $from != $to ]; then
      bridge -n h$from fdb append 00:00:00:00:00:00 dev vx0 dst 192.168.50.1$to
      bridge -n h$from fdb add 02:00:00:00:00:0$to dev vx0 dst 192.168.50.1$to
    fi
  done
done
