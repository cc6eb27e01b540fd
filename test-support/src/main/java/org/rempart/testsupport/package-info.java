/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
/**
 * What the tests of all modules stand on. It knows nothing of Rempart and of James, so every module can use it:
 *
 * <ul>
 *   <li>ports that no other process is given ({@link org.rempart.testsupport.FreePort}), on one address or on several
 *       ({@link org.rempart.testsupport.Loopback}), and what a test needs of the machine
 *       ({@link org.rempart.testsupport.Tools});
 *   <li>certificates ({@link org.rempart.testsupport.CertificateAuthority}, {@link
 *       org.rempart.testsupport.CertificateRequest}), and authorities that this JVM trusts for a while ({@link
 *       org.rempart.testsupport.JvmTrust}), and an authority's word on them ({@link org.rempart.testsupport.OcspResponder});
 *   <li>a client that minds no rule ({@link org.rempart.testsupport.RawClient});
 *   <li>a DNS ({@link org.rempart.testsupport.DnsServer}), and one that is signed
 *       ({@link org.rempart.testsupport.SignedZones}), mail servers that go wrong on command ({@link
 *       org.rempart.testsupport.SmtpPeer}), a host that publishes an MTA-STS policy ({@link
 *       org.rempart.testsupport.PolicyHost});
 *   <li>servers of others, each a process in a folder of its own: Postfix ({@link org.rempart.testsupport.Postfix}),
 *       PostgreSQL ({@link org.rempart.testsupport.PostgresServer}), OpenLDAP's ({@link
 *       org.rempart.testsupport.Slapd}), a resolver that validates ({@link org.rempart.testsupport.Unbound}), filters ({@link org.rempart.testsupport.Rspamd}, {@link
 *       org.rempart.testsupport.ClamAv}, {@link org.rempart.testsupport.OpenMilter}; and one that goes wrong on command, {@link
 *       org.rempart.testsupport.MilterServer}), and a verifier of
 *       signatures ({@link org.rempart.testsupport.Dkimpy}).
 * </ul>
 */
package org.rempart.testsupport;
