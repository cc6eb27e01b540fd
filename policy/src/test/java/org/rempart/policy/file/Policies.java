/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.rempart.policy.PolicyException;

/** Policies for the tests, and how they read them. */
public final class Policies {
    public static final String SAMPLE = resource("sample.xml");

    private static final String NETWORKS =
            "<networks><network name='a'>10.0.0.0/8</network><network name='b'>192.0.2.1,"
                    + " 2001:db8::/32</network></networks>";

    /** Each is without fault, and each says something that the others don't. */
    public static final List<String> VALID = List.of(
            SAMPLE,
            "<policy/>",
            "<policy><!-- comment --><?editor line?></policy>",
            "\uFEFF<?xml version='1.0' encoding='utf-8'?>\r\n<policy>\r\n</policy>\r\n",
            "<policy><networks/><relay/><submission/><headers/><tls/></policy>",
            "<policy><tls/><headers/><submission/><relay/><networks/></policy>",
            "<policy><relay><allow network='a'/><allow network='b' authenticated='true'/></relay>" + NETWORKS
                    + "</policy>",
            "<policy><relay><allow authenticated='true' senderDomains=' example.com ,\n"
                    + " *.b\u00FCcher.example, *'/></relay></policy>",
            "<policy><submission><identity header='any'/></submission></policy>",
            "<policy><submission><rate per='account' recipients='5/30s' then='defer'/>"
                    + "<identity envelope='domain'/>"
                    + "<failures per='account' limit='3/1d' then='block/366d'/>"
                    + "<failures per='address' limit='30/2h' then='block/5m'/></submission></policy>",
            "<policy><submission><delegate account='a@x.example, b' as='boss@x.example, *@news.x.example'/><identity/>"
                    + "<delegate members='sales@x.example' as='sales@x.example'/></submission></policy>",
            "<policy><submission><spoofed>refuse <except network='a' reason='newsletters'/></spoofed><identity/>"
                    + "</submission>" + NETWORKS + "</policy>",
            "<policy><submission><identity/><spoofed>accept</spoofed></submission></policy>",
            "<policy><submission><held mail='keep'/><identity/></submission></policy>",
            "<policy><networks><network name='office'>192.0.2.0/24</network></networks><submission>"
                    + "<unusual networks='10/1h' then='notify'/><unusual refused='100/1h' then='hold'/>"
                    + "<failures per='address' limit='30/2h' delay='1s' then='block/5m' exempt='office'/>"
                    + "</submission><audit recipients='hashed' subjects='none'/></policy>",
            "<policy><headers><received name='mail.example.com'>rewrite</received><strip name='X-A'/>"
                    + "<signed>strip</signed><keep name='X-MS-Exchange-Organization-SCL'/><strip preset='labels'/>"
                    + "<strip preset='trace'/></headers></policy>",
            "<policy><headers><signed>keep</signed><strip name='X-*'/><strip name='X-*-A'/><strip name='X-*-A-*'/>"
                    + "<received> keep </received></headers></policy>",
            "<policy><headers><values inner='corp.example, local'>rewrite</values><signed>keep</signed><strip"
                    + " name='X-*'/><received>keep</received></headers></policy>",
            "<policy><headers><strip name='X-*'/><received>keep</received><values>keep</values><keep name='X-A'/>"
                    + "</headers></policy>",
            "<policy><headers><received>remove</received></headers></policy>",
            "<policy><headers><strip name='received'/></headers></policy>",
            "<policy><forwards outside='refuse' domain='b\u00FCcher.example' bounces='7d'/></policy>",
            "<policy><tls/><forwards bounces='48h'/></policy>",
            "<policy><tls/><subaddresses/></policy>",
            "<policy><subaddresses mail='refuse' separator='-'/><forwards/></policy>",
            "<policy><networks><network name='partner'>192.0.2.0/24</network></networks><relay>"
                    + "<allow network='partner' senderDomains='partner.example' proof='dmarc'/></relay></policy>",
            "<policy><inbound/></policy>",
            "<policy><inbound proof='off'/></policy>",
            "<policy><networks><network name='list'>192.0.2.0/24</network></networks><inbound><dmarc reject='mark'"
                    + " quarantine='accept' unanswered='defer'><except network='list' reason='x'/>"
                    + "<except domain='*.example' reason='y'/></dmarc></inbound></policy>",
            "<policy><filters/></policy>",
            "<policy><networks><network name='list'>192.0.2.0/24</network></networks><filters><filter name='rspamd'"
                    + " at='http://127.0.0.1:11333'><except network='list' reason='x'/></filter><filter name='clamav.1'"
                    + " at='milter://[::1]:7357/' mail='all' reject='quarantine' quarantine='refuse' spam='accept'"
                    + " unanswered='accept' timeout='2m' largest='500K'/></filters></policy>",
            "<policy><inbound><dmarc reject='junk' reports='dmarc@ours.example'/></inbound></policy>",
            "<policy><dkim/></policy>",
            "<policy><dkim><sign domain='b\u00FCcher.example' selector='r1' key='conf/dkim/r1.pem'/>"
                    + "<sign domain='b\u00FCcher.example' selector='2026.e' key='file:///etc/e1.pem'/></dkim></policy>",
            "<policy><tls><protocols>TLSv1.2,TLSv1.3</protocols></tls></policy>",
            "<policy><tls><outbound default='secure'><to domain='example.com.' level='encrypt' reason='theirs'/>"
                    + "<to domain='x.example.com' level='opportunistic'/></outbound>"
                    + "<clients><except network='a' reason='old'/> optional </clients></tls>" + NETWORKS + "</policy>",
            "<policy><tls><outbound default='dane' dnssec='resolver'><to domain='a.example'"
                    + " level='dane-only'/></outbound></tls></policy>",
            "<policy><tls><outbound dnssec='validate' rootAnchors='conf/root.txt' reports='tls@ours.example'"
                    + " tlsRequiredNo='honour'/></tls></policy>",
            "<policy><tls><mta-sts serve='0.0.0.0:443' mode='testing'/><protocols>TLSv1.3</protocols></tls></policy>",
            "<policy><tls><outbound/><mta-sts serve='[2001:db8::1]:8443' mode='enforce' mx='Mail.example.com, *.b.example'"
                    + " maxAge='14d' certificate='conf/tls/a.pem' key='conf/tls/b.pem'/></tls></policy>",
            "<policy><tls><outbound mtaSts='off'><to domain='a.example' level='secure' match='mail.x.example,"
                    + " .x.example' trust='conf/tls/ca.pem'/><to domain='b.example' level='verify'"
                    + " trust='/etc/ssl/ca.pem'/><to domain='c.example' level='fingerprint'"
                    + " fingerprints='sha256:" + "0a".repeat(32)
                    + ", spki-sha256:" + "0B:".repeat(31) + "0B'/></outbound></tls></policy>",
            "<policy><shared store='rediss://redis.example' password='conf/redis.password'/></policy>",
            "<policy><shared store='redis://127.0.0.1:6380' password='file:///etc/redis' user='mail' timeout='5s'"
                    + " prefix='mail-2'/></policy>",
            "<policy><shared store='rediss://a.example, rediss://[2001:db8::1]:26380' sentinel='mail'"
                    + " sentinelPassword='conf/s' password='conf/p' trust='conf/ca.pem'/></policy>",
            "<policy><shared store='redis://a.example,redis://b.example' cluster='true' password='conf/p'"
                    + " reason='a network of their own'/></policy>",
            "<policy><tls><clients><![CDATA[required]]></clients><protocols>TLSv1.3</protocols></tls></policy>");

    private Policies() {}

    /** Reads a policy as if it stood in {@code rempart.xml}. */
    public static Policy read(String xml) throws PolicyException {
        try {
            return PolicyFile.read(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)), "rempart.xml");
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Policies.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }
}
