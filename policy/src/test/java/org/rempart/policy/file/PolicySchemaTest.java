/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.rempart.policy.PolicyException;
import org.xml.sax.SAXException;

/** The schema for editors and the loader mean the same language, as far as XSD 1.0 can say it. */
class PolicySchemaTest {
    private static Schema schema;

    @BeforeAll
    static void readSchema() throws SAXException {
        SchemaFactory factory = SchemaFactory.newDefaultInstance();
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_DTD, "");
        factory.setProperty(XMLConstants.ACCESS_EXTERNAL_SCHEMA, "");
        schema = factory.newSchema(PolicyFile.class.getResource("rempart.xsd"));
    }

    private static void validate(String xml) throws SAXException, IOException {
        schema.newValidator().validate(new StreamSource(new StringReader(xml.replace("\uFEFF", ""))));
    }

    static Stream<String> valid() {
        return Policies.VALID.stream();
    }

    @ParameterizedTest
    @MethodSource("valid")
    void whatTheLoaderReadsIsValid(String xml) throws PolicyException {
        assertThat(Policies.read(xml)).isNotNull();
        assertThatCode(() -> validate(xml)).doesNotThrowAnyException();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<polcy/>",
                "<policy version='1'/>",
                "<policy xmlns='urn:example'/>",
                "<policy><relya/></policy>",
                "<policy><relay/><relay/></policy>",
                "<policy><networks><net/></networks></policy>",
                "<policy><networks><network>10.0.0.0/8</network></networks></policy>",
                "<policy><networks><network name='a'/></networks></policy>",
                "<policy><networks><network name='a b'>10.0.0.0/8</network></networks></policy>",
                "<policy><networks><network name='a'>10.0.0.0/8</network><network"
                        + " name='a'>192.0.2.1</network></networks></policy>",
                "<policy><relay>everybody</relay></policy>",
                "<policy><relay><allow network='undefined'/></relay></policy>",
                "<policy><relay><allow senderDomain='example.com'/></relay></policy>",
                "<policy><relay><allow authenticated='false'/></relay></policy>",
                "<policy><relay><allow authenticated='true' senderDomains=''/></relay></policy>",
                "<policy><forwards/><forwards/></policy>",
                "<policy><subaddresses mail='drop'/></policy>",
                "<policy><subaddresses separator='+-'/></policy>",
                "<policy><subaddresses separator=''/></policy>",
                "<policy><forwards outside='maybe'/></policy>",
                "<policy><forwards outside='allow'><to domain='x.example'/></forwards></policy>",
                "<policy><forwards bounces='soon'/></policy>",
                "<policy><networks><network name='a'>192.0.2.0/24</network></networks>"
                        + "<relay><allow network='a' proof='spf'/></relay></policy>",
                "<policy><inbound/><inbound/></policy>",
                "<policy><inbound proof='maybe'/></policy>",
                "<policy><inbound><dmarc reject='bounce'/></inbound></policy>",
                "<policy><inbound><dmarc><except domain='x.example'/></dmarc></inbound></policy>",
                "<policy><inbound><dmarc><except network='none' reason='x'/></dmarc></inbound></policy>",
                "<policy><filters><filter name='a'/></filters></policy>",
                "<policy><filters><filter name='a' at='unix:/run/x'/></filters></policy>",
                "<policy><filters><filter name='a' at='http://a:1/checkv2'/></filters></policy>",
                "<policy><filters><filter name='a b' at='http://a:1'/></filters></policy>",
                "<policy><filters><filter name='a' at='http://a:1' spam='discard'/></filters></policy>",
                "<policy><filters><filter name='a' at='http://a:1' largest='0M'/></filters></policy>",
                "<policy><filters><filter name='a' at='http://a:1'/><filter name='a'"
                        + " at='http://b:1'/></filters></policy>",
                "<policy><filters><filter name='a' at='http://a:1'><except network='none'"
                        + " reason='x'/></filter></filters></policy>",
                "<policy><dkim/><dkim/></policy>",
                "<policy><dkim><sing domain='x.example' selector='s' key='k'/></dkim></policy>",
                "<policy><dkim><sign domain='x.example' selector='s'/></dkim></policy>",
                "<policy><dkim><sign domain='x.example' selector='s_1' key='k'/></dkim></policy>",
                "<policy><dkim><sign domain='x.example' selector='s' key='k'/>"
                        + "<sign domain='x.example' selector='s' key='l'/></dkim></policy>",
                "<policy><submission><rates/></submission></policy>",
                "<policy><submission><identity/><identity/></submission></policy>",
                "<policy><submission><identity envelope='owm'/></submission></policy>",
                "<policy><submission><rate per='host' messages='1/1h' then='hold'/></submission></policy>",
                "<policy><submission><rate per='account' messages='1/1h'/></submission></policy>",
                "<policy><submission><rate per='account' messages='1/1 h' then='hold'/></submission></policy>",
                "<policy><submission><rate per='account' messages='0/1h' then='hold'/></submission></policy>",
                "<policy><submission><failures per='address' limit='1/1h' then='ban/1h'/></submission></policy>",
                "<policy><submission><failures per='address' then='block/1h'/></submission></policy>",
                "<policy><submission><failures per='address' limit='1/1h' delay='soon'"
                        + " then='block/1h'/></submission></policy>",
                "<policy><submission><unusual networks='1/1h' then='block'/></submission></policy>",
                "<policy><submission><unusual networks='1' then='hold'/></submission></policy>",
                "<policy><audit recipients='none'/></policy>",
                "<policy><audit subjects='secret'/></policy>",
                "<policy><shared password='conf/p'/></policy>",
                "<policy><shared store='rediss://a.example'/></policy>",
                "<policy><shared store='rediss://a.example' password='conf/p' cluster='yes'/></policy>",
                "<policy><shared store='rediss://a.example' password='conf/p' prefix='a:b'/></policy>",
                "<policy><headers><remove/></headers></policy>",
                "<policy><headers><strip preset='clients'/></headers></policy>",
                "<policy><headers><strip name='X-**-A'/></headers></policy>",
                "<policy><headers><strip name='*-A'/></headers></policy>",
                "<policy><headers><strip name='X-A:'/></headers></policy>",
                "<policy><headers><keep/></headers></policy>",
                "<policy><headers><received>delete</received></headers></policy>",
                "<policy><headers><received/></headers></policy>",
                "<policy><headers><signed>keep</signed><signed>keep</signed></headers></policy>",
                "<policy><headers><signed>maybe</signed></headers></policy>",
                "<policy><headers><values>strip</values></headers></policy>",
                "<policy><headers><values>keep</values><signed>keep</signed><values>keep</values></headers></policy>",
                "<policy><tls><protocols>TLSv1.1</protocols></tls></policy>",
                "<policy><tls><protocols/></tls></policy>",
                "<policy><tls><clients>required<expect/></clients></tls></policy>",
                "<policy><networks><network name='a'>10.0.0.0/8</network></networks><tls><clients>required"
                        + "<except network='a'/></clients></tls></policy>",
                "<policy><networks><network name='a'>10.0.0.0/8</network></networks><tls><clients>required"
                        + "<except network='a' reason=' '/></clients></tls></policy>",
                "<policy><networks><network name='a'>10.0.0.0/8</network></networks><tls><clients>required"
                        + "<except network='a' reason='r'/><except network='a' reason='s'/></clients></tls></policy>",
                "<policy><tls><clients>required<except network='undefined' reason='r'/></clients></tls></policy>",
                "<policy><tls><outbound><from/></outbound></tls></policy>",
                "<policy><tls><outbound default='none'/></tls></policy>",
                "<policy><tls><outbound default='fingerprint'/></tls></policy>",
                "<policy><tls><outbound mtaSts='yes'/></tls></policy>",
                "<policy><tls><outbound dnssec='on'/></tls></policy>",
                "<policy><tls><outbound reports=''/></tls></policy>",
                "<policy><tls><outbound tlsRequiredNo='yes'/></tls></policy>",
                "<policy><tls><mta-sts mode='enforce'/></tls></policy>",
                "<policy><tls><mta-sts serve='0.0.0.0:443'/></tls></policy>",
                "<policy><tls><mta-sts serve='0.0.0.0:443' mode='on'/></tls></policy>",
                "<policy><tls><mta-sts serve='0.0.0.0:443' mode='none'/><mta-sts serve='0.0.0.0:444' mode='none'/></tls></policy>",
                "<policy><tls><outbound dnssec='validate' rootAnchors=' '/></tls></policy>",
                "<policy><tls><outbound><to domain='a.example' level='verify' trust=''/></outbound></tls></policy>",
                "<policy><tls><outbound><to domain='a.example' level='verfy'/></outbound></tls></policy>",
                "<policy><tls><outbound><to domain='a.example'/></outbound></tls></policy>",
                "<policy><tls><outbound><to level='verify'/></outbound></tls></policy>",
            })
    void whatBothRefuse(String xml) {
        assertThatThrownBy(() -> validate(xml)).isInstanceOf(SAXException.class);
        assertThatThrownBy(() -> Policies.read(xml)).isInstanceOf(PolicyException.class);
    }

    @Test
    void schemaIsWrittenInTheJarBesideTheLoader() {
        assertThat(PolicyFile.class.getResource("/org/rempart/policy/file/rempart.xsd"))
                .isNotNull();
    }
}
