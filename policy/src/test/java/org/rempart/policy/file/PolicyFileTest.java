/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.james.core.Domain;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.Opener;
import org.rempart.policy.PolicyException;
import org.rempart.policy.Rule;
import org.rempart.policy.filter.AwayHandling;
import org.rempart.policy.filter.Filter;
import org.rempart.policy.filter.FilterHandling;
import org.rempart.policy.filter.FilterPolicy;
import org.rempart.policy.forwards.ForwardHandling;
import org.rempart.policy.forwards.ForwardPolicy;
import org.rempart.policy.forwards.SubaddressHandling;
import org.rempart.policy.forwards.SubaddressPolicy;
import org.rempart.policy.headers.HeaderPolicy;
import org.rempart.policy.headers.HeaderVerdict;
import org.rempart.policy.headers.ReceivedHandling;
import org.rempart.policy.inbound.FailedHandling;
import org.rempart.policy.inbound.InboundPolicy;
import org.rempart.policy.inbound.UnansweredHandling;
import org.rempart.policy.shared.SharedPolicy;
import org.rempart.policy.submission.FailureLimit;
import org.rempart.policy.submission.HeldMail;
import org.rempart.policy.submission.IdentityPolicy;
import org.rempart.policy.submission.IdentityRequirement;
import org.rempart.policy.submission.RateLimit;
import org.rempart.policy.tls.ClientTls;
import org.rempart.policy.tls.TlsLevel;
import org.rempart.policy.tls.TlsPolicy;

class PolicyFileTest {
    @Test
    void whatHeldAccountsSendIsRefusedUnlessItIsToBeKept() throws Exception {
        assertThat(Policy.defaults().submission().heldMail()).isEqualTo(HeldMail.REFUSE);
        assertThat(Policies.read("<policy><submission/></policy>").submission().heldMail())
                .isEqualTo(HeldMail.REFUSE);
        assertThat(Policies.read("<policy><submission><held mail='keep'/></submission></policy>")
                        .submission()
                        .heldMail())
                .isEqualTo(HeldMail.KEEP);
    }

    @Test
    void readsTheSample() throws Exception {
        Policy policy = Policies.read(Policies.SAMPLE);

        assertThat(policy.networks().names()).containsExactly("app-servers", "printers");
        assertThat(policy.networks().containing(InetAddress.getByName("10.20.1.2")))
                .containsExactly("app-servers");
        assertThat(policy.networks().containing(InetAddress.getByName("2001:db8:20::1")))
                .containsExactly("app-servers");

        assertThat(policy.relay().rules()).hasSize(2);
        assertThat(policy.relay().rules().get(0).authenticated()).isTrue();
        assertThat(policy.relay().rules().get(0).network()).isEmpty();
        assertThat(policy.relay().rules().get(1).authenticated()).isFalse();
        assertThat(policy.relay().rules().get(1).network()).contains("app-servers");
        assertThat(policy.relay().rules().get(1).senderDomains()).asString().isEqualTo("[example.com, *.example.com]");

        assertThat(policy.submission().identity().envelope()).isEqualTo(IdentityRequirement.OWN);
        assertThat(policy.submission().identity().header()).isEqualTo(IdentityRequirement.OWN);
        assertThat(policy.submission().rates()).singleElement().satisfies(rate -> {
            assertThat(rate.messages()).map(RateLimit.Quantity::toString).contains("200/1h");
            assertThat(rate.recipients()).map(RateLimit.Quantity::toString).contains("1000/1d");
            assertThat(rate.then()).isEqualTo(RateLimit.Then.HOLD);
        });
        assertThat(policy.submission().failures()).singleElement().satisfies(failures -> {
            assertThat(failures.per()).isEqualTo(FailureLimit.Per.ADDRESS);
            assertThat(failures.limit()).hasToString("10/10m");
            assertThat(failures.block()).isEqualTo(Duration.ofHours(1));
        });

        assertThat(policy.headers().decide("X-Mailer").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.headers().decide("X-Acme-Host").verdict()).isEqualTo(HeaderVerdict.STRIP);
        assertThat(policy.headers().decide("X-Acme-Public").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(policy.headers().decide("Subject").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(policy.headers().received().verdict()).isEqualTo(ReceivedHandling.REWRITE);
        assertThat(policy.headers().keepSigned().verdict()).isTrue();
        assertThat(policy.headers().publicName()).isEmpty();

        assertThat(policy.tls().protocols()).containsExactly("TLSv1.3", "TLSv1.2");
        assertThat(policy.tls().clients(InetAddress.getByName("10.30.4.9")).verdict())
                .isEqualTo(ClientTls.EXCEPTED);
        assertThat(policy.tls().clients(InetAddress.getByName("10.30.5.9")).verdict())
                .isEqualTo(ClientTls.REQUIRED);
        assertThat(policy.tls().outbound(Domain.of("bank.example")).verdict().level())
                .isEqualTo(TlsLevel.VERIFY);
        assertThat(policy.tls().outbound(Domain.of("tax.gov.example")).verdict().level())
                .isEqualTo(TlsLevel.ENCRYPT);
        assertThat(policy.tls().outbound(Domain.of("gov.example")).verdict().level())
                .isEqualTo(TlsLevel.OPPORTUNISTIC);
        assertThat(policy.tls().outbound(Domain.of("legacy.example")).verdict().level())
                .isEqualTo(TlsLevel.NONE);
    }

    @Test
    void rulesKeepTheirWordsAndPlace() throws Exception {
        Policy policy = Policies.read("<policy>\n <relay>\n  <allow\n    authenticated='true'/>\n </relay>\n"
                + " <headers><received>\n  keep\n </received></headers></policy>");
        assertThat(policy.relay().rules().get(0).rule())
                .hasToString("<allow authenticated=\"true\"/> (rempart.xml:3:3)");
        assertThat(policy.headers().received().rule()).hasToString("<received>keep</received> (rempart.xml:6:11)");
    }

    @Test
    void whatIsAbsentIsAsInTheDefaults() throws Exception {
        Policy policy = Policies.read("<policy/>");
        assertThat(policy.relay()).isSameAs(Policy.defaults().relay());
        assertThat(policy.submission()).isSameAs(Policy.defaults().submission());
        assertThat(policy.headers()).isSameAs(Policy.defaults().headers());
        assertThat(policy.forwards()).isSameAs(Policy.defaults().forwards());
        assertThat(policy.dkim()).isSameAs(Policy.defaults().dkim());
        assertThat(policy.tls()).isSameAs(Policy.defaults().tls());
        assertThat(policy.networks().names()).isEmpty();
        assertThat(policy.warnings()).isEmpty();
    }

    @Test
    void emptyRelayLetsNobodyRelay() throws Exception {
        assertThat(Policies.read("<policy><relay/></policy>").relay().rules()).isEmpty();
    }

    @Test
    void emptyHeadersStripNothingButRewriteReceived() throws Exception {
        HeaderPolicy headers = Policies.read("<policy><headers/></policy>").headers();
        assertThat(headers.decide("X-Mailer").verdict()).isEqualTo(HeaderVerdict.KEEP);
        assertThat(headers.decide("Received").verdict()).isEqualTo(HeaderVerdict.REWRITE);
        assertThat(headers.keepSigned().verdict()).isTrue();
    }

    @Test
    void partialIdentityIsOwnForTheRest() throws Exception {
        IdentityPolicy identity = Policies.read("<policy><submission><identity header='any'/></submission></policy>")
                .submission()
                .identity();
        assertThat(identity.envelope()).isEqualTo(IdentityRequirement.OWN);
        assertThat(identity.header()).isEqualTo(IdentityRequirement.ANY);
    }

    @Test
    void partialTlsIsAsInTheDefaultsForTheRest() throws Exception {
        TlsPolicy tls = Policies.read(
                        "<policy><tls><outbound><to domain='a.example' level='secure'/></outbound></tls>" + "</policy>")
                .tls();
        assertThat(tls.protocols()).containsExactly("TLSv1.3", "TLSv1.2");
        assertThat(tls.clients(InetAddress.getByName("192.0.2.1")).verdict()).isEqualTo(ClientTls.REQUIRED);
        assertThat(tls.outboundDefault().verdict().level()).isEqualTo(TlsLevel.OPPORTUNISTIC);
        assertThat(tls.outbound(Domain.of("a.example")).verdict().level()).isEqualTo(TlsLevel.SECURE);
    }

    @Test
    void partsMayStandInAnyOrder() throws Exception {
        Policy policy = Policies.read("<policy><tls><clients><except network='a' reason='r'/>optional</clients></tls>"
                + "<relay><allow network='a'/></relay><networks><network name='a'>192.0.2.0/24</network></networks>"
                + "</policy>");
        assertThat(policy.warnings()).isEmpty();
        InetAddress inside = InetAddress.getByName("192.0.2.9");
        assertThat(policy.tls().clients(inside).verdict()).isEqualTo(ClientTls.EXCEPTED);
        assertThat(policy.tls().clients(InetAddress.getByName("192.0.3.9")).verdict())
                .isEqualTo(ClientTls.OPTIONAL);
    }

    @Test
    void publicNameIsComparedAsItIsWrittenInDns() throws Exception {
        assertThat(Policies.read("<policy><headers><received"
                                + " name='Mail.B\u00FCcher.example'>rewrite</received></headers></policy>")
                        .headers()
                        .publicName())
                .contains("mail.xn--bcher-kva.example");
    }

    @Test
    void forwardsMayLeaveUnlessItIsSaidThatTheyMayNot() throws Exception {
        ForwardPolicy byDefault = Policies.read("<policy/>").forwards();
        assertThat(byDefault.outside().verdict()).isEqualTo(ForwardHandling.ALLOW);
        assertThat(byDefault.domain()).isEmpty();
        assertThat(byDefault.bounces()).isEqualTo(Duration.ofDays(21));

        ForwardPolicy said = Policies.read(
                        "<policy><forwards outside='refuse' domain='B\u00FCcher.example' bounces='7d'/></policy>")
                .forwards();
        assertThat(said.outside().verdict()).isEqualTo(ForwardHandling.REFUSE);
        assertThat(said.outside().rule().text()).startsWith("<forwards outside=\"refuse\"");
        assertThat(said.domain()).contains("xn--bcher-kva.example");
        assertThat(said.bounces()).isEqualTo(Duration.ofDays(7));
    }

    @Test
    void addressesWithADetailAreThoseWithoutItUnlessItIsSaidThatTheyAreNot() throws Exception {
        SubaddressPolicy byDefault = Policies.read("<policy/>").subaddresses();
        assertThat(byDefault).isSameAs(SubaddressPolicy.byDefault());
        assertThat(byDefault.handling()).isEqualTo(SubaddressHandling.DELIVER);
        assertThat(byDefault.separator()).isEqualTo('+');

        SubaddressPolicy said = Policies.read("<policy><subaddresses mail='refuse' separator='-'/></policy>")
                .subaddresses();
        assertThat(said.handling()).isEqualTo(SubaddressHandling.REFUSE);
        assertThat(said.separator()).isEqualTo('-');
    }

    @Test
    void mailThatFailsIsRefusedWhereItsDomainAsksForIt() throws Exception {
        InetAddress client = InetAddress.getByName("192.0.2.7");
        InboundPolicy byDefault = Policies.read("<policy/>").inbound();
        assertThat(byDefault.proof()).isTrue();
        assertThat(byDefault.onReject(client, "a.example", Optional.empty()).verdict())
                .isEqualTo(FailedHandling.REFUSE);
        assertThat(byDefault.onQuarantine(client, "a.example", Optional.empty()).verdict())
                .isEqualTo(FailedHandling.JUNK);
        assertThat(byDefault.unanswered().verdict()).isEqualTo(UnansweredHandling.ACCEPT);
        assertThat(Policies.read("<policy><inbound proof='off'/></policy>")
                        .inbound()
                        .proof())
                .isFalse();

        Policy policy = Policies.read("<policy><networks><network name='list'>192.0.2.0/24</network></networks>"
                + "<inbound><dmarc reject='mark' quarantine='refuse' unanswered='defer'>"
                + "<except network='list' reason='our list'/><except domain='*.old.example' reason='until May'/>"
                + "<except sealer='Lists.example' reason='they look'/></dmarc></inbound></policy>");
        InboundPolicy said = policy.inbound();
        assertThat(said.onReject(client, "a.example", Optional.empty()).verdict())
                .isEqualTo(FailedHandling.ACCEPT);
        assertThat(said.onReject(client, "a.example", Optional.empty()).rule().text())
                .contains("our list");
        InetAddress other = InetAddress.getByName("198.51.100.7");
        assertThat(said.onReject(other, "a.example", Optional.empty()).verdict())
                .isEqualTo(FailedHandling.MARK);
        assertThat(said.onQuarantine(other, "a.example", Optional.empty()).verdict())
                .isEqualTo(FailedHandling.REFUSE);
        assertThat(said.onQuarantine(other, "x.old.example", Optional.empty()).verdict())
                .isEqualTo(FailedHandling.ACCEPT);
        assertThat(said.unanswered().verdict()).isEqualTo(UnansweredHandling.DEFER);
        assertThat(said.onReject(other, "a.example", Optional.of("lists.example"))
                        .verdict())
                .isEqualTo(FailedHandling.ACCEPT);
        assertThat(said.onReject(other, "a.example", Optional.of("other.example"))
                        .verdict())
                .isEqualTo(FailedHandling.MARK);
        assertThat(policy.exceptions()).hasSize(3);
    }

    @Test
    void aFilterIsShownStrangersMailUnlessMoreIsSaid() throws Exception {
        InetAddress client = InetAddress.getByName("192.0.2.7");
        InetAddress other = InetAddress.getByName("198.51.100.7");
        assertThat(Policies.read("<policy/>").filters().filters()).isEmpty();
        FilterPolicy policy = Policies.read(
                        "<policy><networks><network name='list'>192.0.2.0/24</network></networks><filters><filter"
                                + " name='a' at='http://scan.example:11333'><except network='list'"
                                + " reason='x'/></filter><filter name='b' at='milter://[2001:db8::1]:7357'"
                                + " mail='submitted' spam='refuse' unanswered='accept' timeout='10s' largest='2M'/><filter"
                                + " name='c' at='milter://127.0.0.1:1' mail='all'/></filters></policy>")
                .filters();
        assertThat(policy.shown(true, other)).extracting(Filter::name).containsExactly("a", "c");
        assertThat(policy.shown(true, client)).extracting(Filter::name).containsExactly("c");
        assertThat(policy.shown(false, other)).extracting(Filter::name).containsExactly("b", "c");
        Filter a = policy.filters().get(0);
        assertThat(a.protocol()).isEqualTo(Filter.Protocol.HTTP);
        assertThat(a.host() + a.port()).isEqualTo("scan.example11333");
        assertThat(List.of(a.reject(), a.quarantine(), a.spam()))
                .containsExactly(FilterHandling.REFUSE, FilterHandling.QUARANTINE, FilterHandling.JUNK);
        assertThat(a.away()).isEqualTo(AwayHandling.DEFER);
        assertThat(a.largest()).isEmpty();
        Filter b = policy.filters().get(1);
        assertThat(b.protocol()).isEqualTo(Filter.Protocol.MILTER);
        assertThat(b.host()).isEqualTo("2001:db8::1");
        assertThat(b.spam()).isEqualTo(FilterHandling.REFUSE);
        assertThat(b.away()).isEqualTo(AwayHandling.ACCEPT);
        assertThat(b.timeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(b.largest()).hasValue(2 * 1024 * 1024);
        assertThat(policy.exceptions())
                .extracting(Rule::text)
                .containsExactly("<except network=\"list\" reason=\"x\"/>");
    }

    @Test
    void everyValidPolicyIsRead() throws Exception {
        for (String xml : Policies.VALID) {
            assertThat(Policies.read(xml)).as(xml).isNotNull();
        }
    }

    @Test
    void readsAFile(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("rempart.xml"), "<policy><relay/></policy>");
        assertThat(PolicyFile.read(file).relay().rules()).isEmpty();
    }

    @Test
    void absentFileMeansTheDefaults(@TempDir Path folder) throws Exception {
        assertThat(PolicyFile.read(folder.resolve("rempart.xml"))).isSameAs(Policy.defaults());
        assertThat(PolicyFile.read(
                        PolicyFile.DEFAULT_URL,
                        url -> new FileInputStream(folder.resolve("no").toFile())))
                .isSameAs(Policy.defaults());
        assertThat(PolicyFile.read("classpath:rempart.xml", url -> {
                    throw new FileNotFoundException(url);
                }))
                .isSameAs(Policy.defaults());
    }

    @Test
    void fileThatCannotBeReadIsNoAbsentFile(@TempDir Path folder) {
        // A folder: like a file without permission, FileInputStream calls it not found.
        assertThatThrownBy(() -> PolicyFile.read(PolicyFile.DEFAULT_URL, url -> new FileInputStream(folder.toFile())))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(FileNotFoundException.class)
                .hasMessageContaining(PolicyFile.DEFAULT_URL + " is there but can't be read");
        assertThatThrownBy(() -> PolicyFile.read(folder)).isInstanceOf(IOException.class);
    }

    @Test
    void faultsNameTheFileByItsLastPart() {
        assertThatThrownBy(() -> PolicyFile.read(
                        "file://conf/mine.xml",
                        url -> new ByteArrayInputStream("<x/>".getBytes(StandardCharsets.UTF_8))))
                .isInstanceOf(PolicyException.class)
                .hasMessageStartingWith("mine.xml:1:1: ");
    }

    @Test
    void closesWhatItOpened() throws Exception {
        AtomicBoolean closed = new AtomicBoolean();
        InputStream in = new ByteArrayInputStream("<policy/>".getBytes(StandardCharsets.UTF_8)) {
            @Override
            public void close() {
                closed.set(true);
            }
        };
        PolicyFile.read("file://conf/rempart.xml", url -> in);
        assertThat(closed).isTrue();
    }

    @Test
    void failureToReadIsPassedOn(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("rempart.xml"), "<policy/>");
        FileInputStream closed = new FileInputStream(file.toFile());
        closed.close();
        assertThatThrownBy(() -> PolicyFile.read(closed, "rempart.xml")).isInstanceOf(IOException.class);
    }

    @Test
    void networksByTheHundredThousand() throws Exception {
        StringBuilder prefixes = new StringBuilder("10.0.0.0/8");
        for (int i = 0; i < 100_000; i++) {
            prefixes.append(", 11.")
                    .append(i >> 16)
                    .append('.')
                    .append(i >> 8 & 255)
                    .append('.')
                    .append(i & 255);
        }
        Policy policy = Policies.read("<policy><networks><network name='many'>" + prefixes
                + "</network></networks><relay><allow network='many'/></relay></policy>");
        assertThat(policy.networks().containing(InetAddress.getByName("11.1.134.159")))
                .isEqualTo(List.of("many"));
        assertThat(policy.networks().containing(InetAddress.getByName("11.1.134.160")))
                .isEmpty();
        assertThat(policy.warnings()).isEmpty();
    }

    @Test
    void whatIsSharedIsNothingUnlessItIsSaid() throws Exception {
        assertThat(Policy.defaults().shared()).isEmpty();
        assertThat(Policies.read("<policy/>").shared()).isEmpty();
        SharedPolicy one = Policies.read(
                        "<policy><shared store='rediss://redis.example' password='conf/redis.password'/></policy>")
                .shared()
                .orElseThrow();
        assertThat(one.kind()).isEqualTo(SharedPolicy.Kind.SERVER);
        assertThat(one.encrypted()).isTrue();
        assertThat(one.servers()).containsExactly(InetSocketAddress.createUnresolved("redis.example", 6379));
        assertThat(one.passwordUrl()).isEqualTo("file://conf/redis.password");
        assertThat(one.timeout()).isEqualTo(Duration.ofSeconds(2));
        assertThat(one.prefix()).isEqualTo("rempart");
        assertThat(one.trustUrl()).isEmpty();
        assertThat(one.user()).isEmpty();
    }

    @Test
    void sentinelsHaveAPortAndAPasswordOfTheirOwn() throws Exception {
        SharedPolicy sentinels = Policies.read(
                        "<policy><shared store='rediss://a.example, rediss://[2001:db8::1]:26380' sentinel='mail'"
                                + " sentinelPassword='conf/s' password='file:///etc/p' trust='conf/ca.pem'/></policy>")
                .shared()
                .orElseThrow();
        assertThat(sentinels.kind()).isEqualTo(SharedPolicy.Kind.SENTINEL);
        assertThat(sentinels.master()).contains("mail");
        assertThat(sentinels.servers())
                .containsExactly(
                        InetSocketAddress.createUnresolved("a.example", 26379),
                        InetSocketAddress.createUnresolved("2001:db8::1", 26380));
        assertThat(sentinels.sentinelPasswordUrl()).contains("file://conf/s");
        assertThat(sentinels.passwordUrl()).isEqualTo("file:///etc/p");
        assertThat(sentinels.trustUrl()).contains("file://conf/ca.pem");
    }

    @Test
    void aStoreInClearTextIsAnException() throws Exception {
        Policy policy = Policies.read("<policy><shared store='redis://a.example,redis://b.example' cluster='true'"
                + " password='conf/p' reason='a network of their own'/></policy>");
        assertThat(policy.shared().orElseThrow().kind()).isEqualTo(SharedPolicy.Kind.CLUSTER);
        assertThat(policy.exceptions()).hasSize(1);
        assertThat(Policies.read("<policy><shared store='redis://localhost' password='conf/p'/></policy>")
                        .exceptions())
                .isEmpty();
    }

    /** Else nobody would read what it says. */
    @Test
    void anotherFileMayNotNameAnotherStore() throws Exception {
        String store = "<shared store='rediss://redis.example' password='conf/redis.password'/>";
        Map<String, String> files = new HashMap<>();
        files.put("file://conf/mx.xml", "<policy>" + store + "</policy>");
        Opener opener = url -> {
            if (!files.containsKey(url)) {
                throw new FileNotFoundException(url);
            }
            return new ByteArrayInputStream(files.get(url).getBytes(StandardCharsets.UTF_8));
        };
        assertThatThrownBy(() -> PolicyFile.readNamed("file://conf/mx.xml", opener))
                .isInstanceOf(PolicyException.class)
                .hasMessageStartingWith("mx.xml:1:")
                .hasMessageContaining("<shared> counts in file://conf/rempart.xml alone");
        files.put(PolicyFile.DEFAULT_URL, "<policy>\n" + store + "</policy>");
        assertThat(PolicyFile.readNamed("file://conf/mx.xml", opener).shared()).isPresent();
        files.put("file://conf/mx.xml", "<policy/>");
        assertThat(PolicyFile.readNamed("file://conf/mx.xml", opener).shared()).isEmpty();
    }
}
