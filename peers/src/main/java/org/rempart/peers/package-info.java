/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * Servers that tests and benchmarks start on loopback for our server to talk to: a DNS ({@link org.rempart.peers.DnsServer}),
 * mail servers that do what no honest one does ({@link org.rempart.peers.SmtpPeer}), a host that publishes an MTA-STS policy
 * ({@link org.rempart.peers.PolicyHost}), and Postfix ({@link org.rempart.peers.Postfix}).
 */
package org.rempart.peers;
