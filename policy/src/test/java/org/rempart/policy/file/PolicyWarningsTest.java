/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.rempart.policy.PolicyException;

/** What is odd but no fault is read, and remarked on with its place. */
class PolicyWarningsTest {
    private static final String NETWORKS =
            "<networks><network name='a'>10.0.0.0/8</network><network name='b'>192.0.2.0/24</network></networks>";

    private static List<String> relay(String allows) throws PolicyException {
        return Policies.read("<policy>" + NETWORKS
                        + "<tls><clients>optional<except network='a' reason='r'/><except network='b' reason='s'/></clients>"
                        + "</tls><relay>\n" + allows + "</relay></policy>")
                .warnings();
    }

    private static List<String> headers(String inside) throws PolicyException {
        return Policies.read("<policy><headers>\n" + inside + "</headers></policy>")
                .warnings();
    }

    private static List<String> outbound(String defaultLevel, String inside) throws PolicyException {
        return Policies.read("<policy><tls><outbound" + defaultLevel + ">\n" + inside + "</outbound></tls></policy>")
                .warnings();
    }

    @Test
    void sampleHasNone() throws PolicyException {
        assertThat(Policies.read(Policies.SAMPLE).warnings()).isEmpty();
    }

    @Test
    void unusedNetwork() throws PolicyException {
        assertThat(Policies.read("<policy>\n<networks>\n  <network name='a'>10.0.0.0/8</network></networks></policy>")
                        .warnings())
                .containsExactly("rempart.xml:3:3: network \"a\" is not used");
    }

    @Test
    void prefixInTwoNetworks() throws PolicyException {
        assertThat(Policies.read("<policy><networks>\n<network name='a'>10.0.0.0/8</network>\n"
                                + "<network name='b'>10.0.0.0/8</network></networks>"
                                + "<relay><allow network='a'/><allow network='b'/></relay></policy>")
                        .warnings())
                .singleElement()
                .asString()
                .startsWith(
                        "rempart.xml:3:1: 10.0.0.0/8 is in network \"b\" and, at rempart.xml:2:1, in network \"a\"");
    }

    @Test
    void prefixTwiceInANetwork() throws PolicyException {
        assertThat(Policies.read("<policy><networks><network name='a'>192.0.2.1, 192.0.2.1/32</network></networks>"
                                + "<relay><allow network='a'/></relay></policy>")
                        .warnings())
                .singleElement()
                .asString()
                .contains("stands twice");
    }

    @Test
    void overlappingNetworksAreFine() throws PolicyException {
        assertThat(Policies.read("<policy><networks><network name='a'>10.0.0.0/8</network>"
                                + "<network name='b'>10.1.0.0/16</network></networks>"
                                + "<relay><allow network='a'/><allow network='b'/></relay></policy>")
                        .warnings())
                .isEmpty();
    }

    @Test
    void allowOfTheAuthenticatedMakesThoseOfANetworkUseless() throws PolicyException {
        assertThat(relay("<allow authenticated='true' network='a'/>\n<allow authenticated='true'/>"))
                .singleElement()
                .asString()
                .startsWith("rempart.xml:2:1: <allow authenticated=\"true\" network=\"a\"/> changes nothing")
                .contains("rempart.xml:3:1");
    }

    @Test
    void allowWithSendersBesideOneWithout() throws PolicyException {
        assertThat(relay("<allow network='a'/><allow network='a' senderDomains='example.com'/>"))
                .hasSize(1);
    }

    @Test
    void allowWithNarrowerSenders() throws PolicyException {
        assertThat(relay("<allow network='a' senderDomains='*.example.com'/>\n"
                        + "<allow network='a' senderDomains='b.example.com'/>"))
                .singleElement()
                .asString()
                .startsWith("rempart.xml:3:1: ");
    }

    @Test
    void sameAllowTwice() throws PolicyException {
        assertThat(relay("<allow network='a'/>\n<allow network='a'/>"))
                .singleElement()
                .asString()
                .startsWith("rempart.xml:3:1: ");
    }

    @Test
    void allowsThatDiffer() throws PolicyException {
        assertThat(relay("<allow network='a' senderDomains='*'/><allow network='b'/><allow authenticated='true'/>"
                        + "<allow network='a' senderDomains='example.com' authenticated='true'/>"))
                .as("the last is within the third")
                .hasSize(1);
        assertThat(relay("<allow network='a'/><allow network='b'/><allow authenticated='true'/>"))
                .isEmpty();
    }

    @Test
    void senderDomainTwice() throws PolicyException {
        assertThat(relay("<allow network='a' senderDomains='example.com, EXAMPLE.com'/>"))
                .singleElement()
                .asString()
                .contains("EXAMPLE.com stands twice");
    }

    @Test
    void keepThatNothingStrips() throws PolicyException {
        assertThat(headers("<strip name='X-A-*'/><keep name='X-B'/>"))
                .containsExactly(
                        "rempart.xml:2:22: <keep name=\"X-B\"/> changes nothing, since no <strip> is wider than it");
        assertThat(headers("<strip name='X-A-Long'/><keep name='X-A-*'/>")).hasSize(1);
        assertThat(headers("<strip name='X-*'/><keep name='X-A-*'/><keep name='X-B'/>"))
                .isEmpty();
        assertThat(headers("<strip preset='client'/><keep name='User-Agent'/>")).isEmpty();
        assertThat(headers("<keep name='Received'/>")).isEmpty();
    }

    @Test
    void stripTwice() throws PolicyException {
        assertThat(headers("<strip name='X-A'/><strip name='x-a'/>")).hasSize(1);
        assertThat(headers("<strip preset='client'/><strip preset='client'/>")).hasSize(1);
        assertThat(headers("<strip name='X-*'/><keep name='X-A'/><keep name='X-A'/>"))
                .hasSize(1);
    }

    @Test
    void prefixThatSeemsToMeanReceived() throws PolicyException {
        assertThat(headers("<strip name='Received*'/>"))
                .singleElement()
                .asString()
                .contains("<received>remove</received>");
    }

    @Test
    void outboundThatAppliesAnyway() throws PolicyException {
        assertThat(outbound(" mtaSts='off'", "<to domain='a.example' level='opportunistic'/>"))
                .singleElement()
                .asString()
                .startsWith("rempart.xml:2:1: <to domain=\"a.example\" level=\"opportunistic\"/> changes nothing");
        assertThat(outbound(" default='verify' mtaSts='off'", "<to domain='*.example' level='verify'/>"))
                .hasSize(1);
        assertThat(outbound("", "<to domain='*' level='opportunistic'/>")).hasSize(1);
        assertThat(outbound("", "<to domain='*.example' level='verify'/>\n<to domain='a.b.example' level='verify'/>"))
                .singleElement()
                .asString()
                .startsWith("rempart.xml:3:1: ")
                .contains("rempart.xml:2:1");
    }

    @Test
    void outboundThatIsNarrowerForAReason() throws PolicyException {
        assertThat(outbound(
                        "",
                        "<to domain='*.example' level='verify'/><to domain='*.b.example' level='encrypt'/>"
                                + "<to domain='a.b.example' level='verify'/><to domain='example' level='verify'/>"))
                .isEmpty();
    }

    @Test
    void whatKeepsADomainFromMtaStsIsNotIdle() throws PolicyException {
        assertThat(outbound("", "<to domain='a.example' level='opportunistic'/>"))
                .isEmpty();
        assertThat(outbound("", "<to domain='*' level='encrypt'/><to domain='*.example' level='encrypt'/>"))
                .isEmpty();
    }

    @Test
    void ofTheSameLevelButWithOtherCertificates() throws PolicyException {
        assertThat(outbound(
                        " default='verify' mtaSts='off'",
                        "<to domain='*.example' level='verify' trust='conf/tls/a.pem'/>"
                                + "<to domain='a.example' level='secure' match='mx.test'/>"
                                + "<to domain='*.a.example' level='secure'/>"))
                .isEmpty();
    }

    @Test
    void nameOrFingerprintTwice() throws PolicyException {
        String digest = "sha256:" + "0a".repeat(32);
        assertThat(outbound(
                        "",
                        "<to domain='a.example' level='secure' match='mx.test, MX.test'/>\n<to domain='b.example'"
                                + " level='fingerprint' fingerprints='" + digest + ", "
                                + digest.toUpperCase(Locale.ROOT)
                                + "'/>"))
                .satisfiesExactly(
                        first -> assertThat(first).startsWith("rempart.xml:2:1: mx.test stands twice in match"),
                        second -> assertThat(second).startsWith("rempart.xml:3:1: " + digest + " stands twice"));
    }

    @Test
    void sameDomainTwiceWithTheSameLevel() throws PolicyException {
        assertThat(outbound("", "<to domain='a.example' level='verify'/>\n<to domain='a.example' level='verify'/>"))
                .singleElement()
                .asString()
                .startsWith("rempart.xml:3:1: ")
                .contains("a second time", "rempart.xml:2:1");
    }

    @Test
    void defaultThatNeverApplies() throws PolicyException {
        assertThat(outbound(" default='encrypt'", "<to domain='*' level='verify'/>"))
                .singleElement()
                .asString()
                .contains("never applies");
    }

    @Test
    void protocols() throws PolicyException {
        assertThat(Policies.read("<policy><tls><protocols>TLSv1.2</protocols></tls></policy>")
                        .warnings())
                .singleElement()
                .asString()
                .contains("TLSv1.3");
        assertThat(Policies.read("<policy><tls><protocols>TLSv1.3, TLSv1.3</protocols></tls></policy>")
                        .warnings())
                .singleElement()
                .asString()
                .contains("twice");
    }
}
