"""A service with some servers and a queue, on SimPy: `simpy_queues.py open RATE | closed USERS THINK` followed by
`SERVERS MEAN LENGTH SEED`, all times in seconds. Prints requests, mean wait and mean time in the service as JSON."""

import json
import random
import sys

import simpy


class Service:
    """Servers, and those that wait for one."""

    def __init__(self, environment, servers, mean, draws):
        self.environment, self.mean, self.draws = environment, mean, draws
        self.servers = simpy.Resource(environment, servers)
        self.requests, self.wait, self.sojourn = 0, 0.0, 0.0

    def request(self):
        arrived = self.environment.now
        with self.servers.request() as turn:
            yield turn
            wait = self.environment.now - arrived
            yield self.environment.timeout(self.draws.expovariate(1 / self.mean))
        self.requests += 1
        self.wait += wait
        self.sojourn += self.environment.now - arrived


def arrivals(environment, service, rate, draws):
    while True:
        yield environment.timeout(draws.expovariate(rate))
        environment.process(service.request())


def user(environment, service, think, draws):
    while True:
        yield environment.timeout(draws.expovariate(1 / think))
        yield from service.request()


def main():
    kind, *numbers = sys.argv[1:]
    *load, servers, mean, length, seed = map(float, numbers)
    environment, draws = simpy.Environment(), random.Random(int(seed))
    service = Service(environment, int(servers), mean, draws)
    if kind == "open":
        environment.process(arrivals(environment, service, load[0], draws))
    else:
        for _ in range(int(load[0])):
            environment.process(user(environment, service, load[1], draws))
    environment.run(until=length)
    requests = service.requests
    print(json.dumps({"requests": requests, "wait": service.wait / requests, "sojourn": service.sojourn / requests}))


if __name__ == "__main__":
    main()
