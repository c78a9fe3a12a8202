tnet network create --subnet 172.30.1.0/24 front
tnet network create --subnet 172.30.2.0/24 back
tnet run -d --name web --network front --ip 172.30.1.10 host sleep 3600 &
tnet run -d --name db --network back --ip 172.30.2.30 --network-alias database host sleep 3600 &
tnet run -d --name api --network front --ip 172.30.1.20 host sleep 3600
tnet network connect --ip 172.30.2.20 back api
wait
