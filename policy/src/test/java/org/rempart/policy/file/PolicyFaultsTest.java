/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.AbstractStringAssert;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.rempart.policy.PolicyException;

/** Each fault that a policy file can have is told with its place, what is wrong and what would be right. */
class PolicyFaultsTest {
    private static AbstractStringAssert<?> faultOf(String xml) {
        PolicyException fault = catchThrowableOfType(PolicyException.class, () -> Policies.read(xml));
        assertThat(fault).as("fault of %s", xml).isNotNull();
        assertThat(fault.location()).isPresent();
        assertThat(fault.getMessage()).startsWith(fault.location().get() + ": ");
        return assertThat(fault.getMessage());
    }

    private static AbstractStringAssert<?> relayFault(String allow) {
        return faultOf("<policy>\n<networks><network name='app'>10.20.0.0/16</network></networks>\n<relay>\n  " + allow
                + "\n</relay></policy>");
    }

    private static AbstractStringAssert<?> submissionFault(String inside) {
        return faultOf("<policy><submission>\n  " + inside + "\n</submission></policy>");
    }

    private static AbstractStringAssert<?> headersFault(String inside) {
        return faultOf("<policy><headers>\n  " + inside + "\n</headers></policy>");
    }

    private static AbstractStringAssert<?> tlsFault(String inside) {
        return faultOf("<policy><networks><network name='p'>10.30.4.0/24</network></networks><tls>\n  " + inside
                + "\n</tls></policy>");
    }

    private static AbstractStringAssert<?> networkFault(String cidr) {
        return faultOf("<policy><networks>\n  <network name='app'>" + cidr + "</network>\n</networks></policy>");
    }

    @Nested
    class Xml {
        @Test
        void notWellFormed() {
            faultOf("<policy>\n  <relay>\n</policy>")
                    .startsWith("rempart.xml:3:")
                    .contains("not well-formed XML", "close every element");
        }

        @Test
        void emptyFile() {
            faultOf("").startsWith("rempart.xml:1:1: ").contains("not well-formed XML");
        }

        @Test
        void unknownEntity() {
            faultOf("<policy><relay>&nbsp;</relay></policy>")
                    .startsWith("rempart.xml:1:")
                    .contains("nbsp");
        }

        @Test
        void notUtf8() {
            byte[] latin1 = "<policy>\n <!-- \u00FC -->\n</policy>".getBytes(StandardCharsets.ISO_8859_1);
            PolicyException fault = catchThrowableOfType(
                    PolicyException.class, () -> PolicyFile.read(new ByteArrayInputStream(latin1), "rempart.xml"));
            assertThat(fault.getMessage())
                    .isEqualTo("rempart.xml:2:7: a byte that is not UTF-8; save the file in UTF-8");
        }

        @Test
        void truncatedInTheMiddleOfACharacter() {
            byte[] cut = {'<', 'p', '>', (byte) 0xC3};
            PolicyException fault = catchThrowableOfType(
                    PolicyException.class, () -> PolicyFile.read(new ByteArrayInputStream(cut), "rempart.xml"));
            assertThat(fault.getMessage()).startsWith("rempart.xml:1:4: a byte that is not UTF-8");
        }

        @Test
        void otherEncoding() {
            faultOf("<?xml version='1.0' encoding='ISO-8859-1'?><policy/>")
                    .startsWith("rempart.xml:1:1: ")
                    .contains("ISO-8859-1", "UTF-8");
        }

        @Test
        void whatIsQuotedStaysInOneLine() {
            faultOf("<?xml version='1.0' encoding='UTF-8\n'?><policy/>").doesNotContain("\n");
            faultOf("<policy xmlns='urn:&#10;example'/>").doesNotContain("\n").contains("urn: example");
        }

        @Test
        void doctype() {
            faultOf("<?xml version='1.0'?>\n<!DOCTYPE policy>\n<policy/>")
                    .startsWith("rempart.xml:2:1: ")
                    .contains("document type");
        }

        @Test
        @Timeout(60)
        void externalEntitiesAreNotFetched(@TempDir Path folder) throws IOException {
            Path secret = Files.writeString(folder.resolve("secret"), "the-secret");
            faultOf("<!DOCTYPE policy [<!ENTITY x SYSTEM '" + secret.toUri()
                            + "'>]><policy><relay>&x;</relay></policy>")
                    .startsWith("rempart.xml:1:")
                    .doesNotContain("the-secret");
            try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                server.setSoTimeout(200);
                String url = "http://127.0.0.1:" + server.getLocalPort() + "/x.dtd";
                faultOf("<!DOCTYPE policy SYSTEM '" + url + "'><policy/>").contains("document type");
                faultOf("<!DOCTYPE policy [<!ENTITY % x SYSTEM '" + url + "'> %x;]><policy/>")
                        .startsWith("rempart.xml:1:");
                assertThat(catchThrowableOfType(IOException.class, server::accept))
                        .as("no connection came")
                        .isInstanceOf(java.net.SocketTimeoutException.class);
            }
        }

        @Test
        @Timeout(60)
        void entitiesAreNotExpanded() {
            StringBuilder bomb = new StringBuilder("<!DOCTYPE policy [<!ENTITY e0 'lol'>");
            for (int i = 1; i < 12; i++) {
                bomb.append("<!ENTITY e")
                        .append(i)
                        .append(" '")
                        .append(("&e" + (i - 1) + ";").repeat(10))
                        .append("'>");
            }
            faultOf(bomb + "]><policy>&e11;</policy>").startsWith("rempart.xml:1:");
        }

        @Test
        void tooDeep() {
            faultOf("<policy>".repeat(100_000)).startsWith("rempart.xml:1:").contains("too deep");
        }

        @Test
        void tooLarge() {
            faultOf("<policy>" + " ".repeat(16 * 1024 * 1024) + "</policy>").contains("larger than 16 MiB");
        }

        @Test
        void namespace() {
            faultOf("<policy xmlns='urn:example'/>")
                    .startsWith("rempart.xml:1:1: ")
                    .contains("\"urn:example\"", "xmlns");
        }

        @Test
        void attributeOfANamespace() {
            faultOf("<policy>\n <relay xml:lang='en'/></policy>")
                    .startsWith("rempart.xml:2:2: ")
                    .contains("xml:lang");
        }

        @Test
        void placeIsThatOfTheTagWhateverIsBeforeIt() {
            faultOf("<?xml version='1.0'?><!-- <relay> -->\r\n<policy><?x <relay> ?><!--\r\n--><relay><![CDATA[ ]]>\r"
                            + "</relay><tls>\n\t<x\n a='>'/></tls></policy>")
                    .startsWith("rempart.xml:5:2: <tls> has no element <x>");
        }
    }

    @Nested
    class Structure {
        @Test
        void wrongRoot() {
            faultOf("<polcy/>").startsWith("rempart.xml:1:1: ").contains("<polcy>", "begins with <policy>");
        }

        @Test
        void unknownElementInPolicy() {
            faultOf("<policy>\n  <relya/>\n</policy>")
                    .isEqualTo("rempart.xml:2:3: <policy> has no element <relya>; possible are <networks>, <relay>, "
                            + "<submission>, <headers>, <subaddresses>, <forwards>, <dkim>, <inbound>, <filters>, <tls>, "
                            + "<audit>, <shared> (is <relay> meant?)");
        }

        @Test
        void unknownElementInNetworks() {
            faultOf("<policy><networks><net/></networks></policy>")
                    .startsWith("rempart.xml:1:19: ")
                    .contains("possible is only <network>");
        }

        @Test
        void unknownElementInNetwork() {
            networkFault("10.0.0.0/8<b/>").contains("<network> has no element <b>", "remove it");
        }

        @Test
        void unknownElementInRelay() {
            relayFault("<alow/>").startsWith("rempart.xml:4:3: ").contains("is <allow> meant?");
        }

        @Test
        void unknownElementInSubmission() {
            submissionFault("<rates/>").startsWith("rempart.xml:2:3: ").contains("is <rate> meant?");
        }

        @Test
        void unknownElementInHeaders() {
            headersFault("<remove/>")
                    .contains("<strip>, <keep>, <received>, <signed>, <values>")
                    .doesNotContain("meant");
        }

        @Test
        void unknownElementInTls() {
            tlsFault("<client/>").contains("is <clients> meant?");
        }

        @Test
        void unknownElementInClients() {
            tlsFault("<clients>required<expect/></clients>").contains("is <except> meant?");
        }

        @Test
        void unknownElementInOutbound() {
            tlsFault("<outbound><from/></outbound>").contains("possible is only <to>");
        }

        @Test
        void elementInsideOfALeaf() {
            relayFault("<allow authenticated='true'><x/></allow>").contains("<allow> has no element <x>");
        }

        @Test
        void unknownAttribute() {
            relayFault("<allow senderDomain='example.com'/>")
                    .startsWith("rempart.xml:4:3: <allow> has no attribute \"senderDomain\"")
                    .contains("is senderDomains meant?");
        }

        @Test
        void attributeWhereNoneIs() {
            faultOf("<policy version='1'/>").contains("<policy> has no attribute \"version\"");
        }

        @Test
        void repeatedElement() {
            faultOf("<policy>\n<relay/>\n <relay/></policy>")
                    .startsWith("rempart.xml:3:2: a second <relay>, the first is at rempart.xml:2:1");
        }

        @Test
        void repeatedElementDeeper() {
            headersFault("<signed>keep</signed>\n<signed>keep</signed>")
                    .startsWith("rempart.xml:3:1: a second <signed>");
        }

        @Test
        void textWhereNoneBelongs() {
            relayFault("everybody").startsWith("rempart.xml:3:1: <relay> holds the text \"everybody\"");
        }

        @Test
        void textInALeaf() {
            relayFault("<allow authenticated='true'>yes</allow>").contains("<allow> holds the text \"yes\"");
        }
    }

    @Nested
    class NetworksElement {
        @Test
        void badCidr() {
            networkFault("10.20.0.0/16, 10.20.0/33")
                    .startsWith("rempart.xml:2:3: \"10.20.0/33\" is not a network")
                    .contains("10.20.0.0/16");
        }

        @Test
        void hostName() {
            networkFault("mail.example.com").contains("\"mail.example.com\" is not a network");
        }

        @Test
        void blanksBetweenNetworks() {
            networkFault("10.0.0.0/8 10.1.0.0/16").contains("is not a network");
        }

        @Test
        void bitsBehindThePrefix() {
            networkFault("10.20.0.1/16").contains("behind its prefix", "10.20.0.0/16 for the network", "10.20.0.1 for");
        }

        @Test
        void mappedNetwork() {
            networkFault("::ffff:10.0.0.0/104").contains("write it as the IPv4 network");
        }

        @Test
        void empty() {
            networkFault(" ").contains("the list of networks is empty");
        }

        @Test
        void emptyPart() {
            networkFault("10.0.0.0/8,").contains("has an empty part");
        }

        @Test
        void withoutName() {
            faultOf("<policy><networks><network>10.0.0.0/8</network></networks></policy>")
                    .contains("lacks its name");
        }

        @Test
        void badName() {
            faultOf("<policy><networks><network name='a, b'>10.0.0.0/8</network></networks></policy>")
                    .contains("can't be the name of a network");
        }

        @Test
        void definedTwice() {
            faultOf("<policy><networks>\n<network name='a'>10.0.0.0/8</network>\n"
                            + "<network name='a'>192.0.2.0/24</network></networks></policy>")
                    .startsWith(
                            "rempart.xml:3:1: network \"a\" is defined a second time, the first is at rempart.xml:2:1");
        }

        @Test
        void notDefinedInRelay() {
            relayFault("<allow network='apps'/>")
                    .startsWith("rempart.xml:4:3: network \"apps\" is not defined")
                    .contains("is app meant?");
        }

        @Test
        void notDefinedInExcept() {
            tlsFault("<clients>required<except network='printers' reason='r'/></clients>")
                    .startsWith("rempart.xml:2:20: network \"printers\" is not defined");
        }

        @Test
        void notDefinedAndNoneIs() {
            faultOf("<policy><relay><allow network='app'/></relay></policy>").contains("<network name=\"app\">");
        }
    }

    @Nested
    class Relay {
        @Test
        void allowWithNothing() {
            relayFault("<allow/>").startsWith("rempart.xml:4:3: <allow> asks for nothing");
        }

        @Test
        void senderDomainsAlone() {
            relayFault("<allow senderDomains='example.com'/>").contains("senderDomains alone");
        }

        @Test
        void authenticatedFalse() {
            relayFault("<allow authenticated='false' network='app'/>")
                    .contains("authenticated=\"false\" says nothing", "leave the attribute out");
        }

        @Test
        void badDomain() {
            relayFault("<allow network='app' senderDomains='example.com, @example.org'/>")
                    .startsWith("rempart.xml:4:3: \"@example.org\" is not a domain");
        }

        @Test
        void emptySenderDomains() {
            relayFault("<allow network='app' senderDomains=''/>").contains("the list of domains is empty");
        }

        @Test
        void emptyNetwork() {
            relayFault("<allow network=''/>").contains("network \"\" is not defined");
        }

        @Test
        void theWholeInternet() {
            faultOf("<policy><networks><network name='all'>0.0.0.0/0</network></networks>"
                            + "<relay><allow network='all' senderDomains='example.com'/></relay></policy>")
                    .contains("network \"all\" holds 0.0.0.0/0");
            faultOf("<policy><networks><network name='all'>2000::/3</network></networks>"
                            + "<relay><allow network='all'/></relay></policy>")
                    .contains("holds 2000::/3");
        }
    }

    @Nested
    class Submission {
        @Test
        void unknownEnvelopeIdentity() {
            submissionFault("<identity envelope='owm'/>")
                    .startsWith("rempart.xml:2:3: \"owm\" is unknown as envelope of <identity>")
                    .contains("possible are own, domain, any (is own meant?)");
        }

        @Test
        void unknownHeaderIdentity() {
            submissionFault("<identity header='OWN'/>").contains("is unknown as header", "is own meant?");
        }

        @Test
        void unknownPerOfRate() {
            submissionFault("<rate per='host' messages='1/1h' then='hold'/>").contains("possible is only account");
        }

        @Test
        void rateWithoutPer() {
            submissionFault("<rate messages='1/1h' then='hold'/>").contains("lacks its per");
        }

        @Test
        void unknownThenOfRate() {
            submissionFault("<rate per='account' messages='1/1h' then='holt'/>")
                    .contains("\"holt\" is unknown as then", "is hold meant?");
        }

        @Test
        void rateWithoutThen() {
            submissionFault("<rate per='account' messages='1/1h'/>").contains("lacks its then", "then=\"defer\"");
        }

        @Test
        void rateOfNothing() {
            submissionFault("<rate per='account' then='hold'/>").contains("<rate> limits nothing");
        }

        @Test
        void unknownPerOfFailures() {
            submissionFault("<failures per='addres' limit='1/1h' then='block/1h'/>")
                    .contains("is address meant?");
        }

        @Test
        void unusualUse() {
            submissionFault("<unusual then='hold'/>").contains("networks=\"10/1h\"");
            submissionFault("<unusual networks='1/1h' refused='1/1h' then='hold'/>")
                    .contains("needs one of");
            submissionFault("<unusual networks='1/1h'/>").contains("then=\"notify\"");
            submissionFault("<failures per='address' limit='1/1h' delay='0s' then='block/1h'/>")
                    .contains("out of bounds");
            submissionFault("<failures per='address' limit='1/1h' then='block/1h' exempt='office'/>")
                    .contains("office");
        }

        @Test
        void failuresWithoutLimit() {
            submissionFault("<failures per='address' then='block/1h'/>").contains("lacks its limit");
        }

        @Test
        void unknownThenOfFailures() {
            submissionFault("<failures per='address' limit='1/1h' then='ban/1h'/>")
                    .contains("\"ban/1h\" is unknown as then", "then=\"block/1h\"");
        }

        @Test
        void blockWithBadDuration() {
            submissionFault("<failures per='address' limit='1/1h' then='block/1 h'/>")
                    .startsWith("rempart.xml:2:3: \"1 h\" is not a duration");
        }

        private AbstractStringAssert<?> limitFault(String limit) {
            return submissionFault("<rate per='account' messages='" + limit + "' then='hold'/>")
                    .startsWith("rempart.xml:2:3: ");
        }

        @Test
        void durationWithASpace() {
            limitFault("200/1 h").contains("\"1 h\" is not a duration", "without a space");
        }

        @Test
        void durationWithoutUnit() {
            limitFault("200/1").contains("\"1\" is not a duration", "30s, 10m, 1h, 1d");
        }

        @Test
        void durationWithUnknownUnit() {
            limitFault("200/1x").contains("\"1x\" is not a duration");
        }

        @Test
        void durationOfNothing() {
            limitFault("200/0s").contains("\"0s\" is out of bounds", "from 1s to 366d");
        }

        @Test
        void durationOfAges() {
            limitFault("200/367d").contains("\"367d\" is out of bounds");
        }

        @Test
        void countOfZero() {
            limitFault("0/1h").contains("\"0\" in \"0/1h\"", "from 1 to");
        }

        @Test
        void negativeCount() {
            limitFault("-1/1h").contains("\"-1\" in");
        }

        @Test
        void countThatIsNoNumber() {
            limitFault("many/1h").contains("\"many\" in");
        }

        @Test
        void countThatOverflows() {
            limitFault("2147483648/1h").contains("\"2147483648\" in");
            limitFault("99999999999999999999999/1h").contains("from 1 to 2147483647");
        }

        @Test
        void limitWithoutDuration() {
            limitFault("200").contains("\"200\" is not a limit", "200/1h");
        }
    }

    @Nested
    class Headers {
        @Test
        void unknownPreset() {
            headersFault("<strip preset='clients'/>")
                    .startsWith("rempart.xml:2:3: \"clients\" is unknown as preset of <strip>")
                    .contains("client, filter, exchange, labels, trace (is client meant?)");
        }

        @Test
        void presetAndName() {
            headersFault("<strip preset='client' name='X-A'/>").contains("both a preset and a name");
        }

        @Test
        void neitherPresetNorName() {
            headersFault("<strip/>").contains("neither preset nor name");
        }

        @Test
        void badName() {
            headersFault("<strip name='X-**-Host'/>").contains("\"X-**-Host\" is not the name of a header field");
        }

        @Test
        void keepWithoutName() {
            headersFault("<keep/>").contains("<keep> lacks its name");
        }

        @Test
        void stripAndKeepOfTheSameName() {
            headersFault("<strip name='X-A'/>\n  <keep name='x-a'/>")
                    .startsWith("rempart.xml:3:3: ")
                    .contains("contradicts <strip name=\"X-A\"/> at rempart.xml:2:3");
        }

        @Test
        void stripOfReceivedBesideReceived() {
            headersFault("<strip name='Received'/>\n  <received>rewrite</received>")
                    .startsWith("rempart.xml:2:3: ")
                    .contains("contradicts <received>rewrite</received> at rempart.xml:3:3");
        }

        @Test
        void keepOfReceivedBesideReceived() {
            headersFault("<keep name='Received'/>\n  <received>remove</received>")
                    .contains("contradicts");
        }

        @Test
        void unknownReceived() {
            headersFault("<received>delete</received>").contains("\"delete\" is unknown", "keep, rewrite, remove");
        }

        @Test
        void emptyReceived() {
            headersFault("<received/>").contains("<received> says nothing");
        }

        @Test
        void badPublicName() {
            headersFault("<received name='mail example'>rewrite</received>").contains("is not a domain");
        }

        @Test
        void publicNameWithStar() {
            headersFault("<received name='*.example.com'>rewrite</received>").contains("is not one host name");
        }

        @Test
        void publicNameThatNothingUses() {
            headersFault("<received name='mail.example.com'>remove</received>").contains("used only when");
        }

        @Test
        void unknownSigned() {
            headersFault("<signed>keeep</signed>").contains("is keep meant?");
            headersFault("<values>rewrit</values>").contains("is rewrite meant?");
            headersFault("<values inner='*.corp.example'>rewrite</values>").contains("has a star", "all below it");
            headersFault("<values inner='corp_example'>rewrite</values>").contains("is not a domain");
            headersFault("<values inner='a.example,,b.example'>rewrite</values>")
                    .contains("has an empty part");
            headersFault("<values>keep</values>\n<values>keep</values>").contains("a second <values>");
        }
    }

    @Nested
    class Forwards {
        @Test
        void attributesThatSayNothingUsable() {
            faultOf("<policy>\n  <forwards outside='maybe'/></policy>")
                    .startsWith("rempart.xml:2:3: \"maybe\" is unknown as outside of <forwards>")
                    .contains("allow", "refuse");
            faultOf("<policy><forwards domain='*.example.com'/></policy>")
                    .contains("\"*.example.com\" is no domain", "write domain=\"example.com\"");
            faultOf("<policy><forwards bounces='soon'/></policy>").contains("\"soon\" is not a duration");
            faultOf("<policy><forwards bounces='36h'/></policy>")
                    .contains("\"36h\" is no number of whole days", "write bounces=\"21d\"");
            faultOf("<policy><forwards outsid='allow'/></policy>").contains("has no attribute \"outsid\"");
            faultOf("<policy><forwards><to/></forwards></policy>").contains("has no element <to>");
        }
    }

    @Nested
    class Subaddresses {
        @Test
        void attributesThatSayNothingUsable() {
            faultOf("<policy>\n  <subaddresses mail='drop'/></policy>")
                    .startsWith("rempart.xml:2:3: \"drop\" is unknown as mail of <subaddresses>")
                    .contains("deliver", "refuse");
            faultOf("<policy><subaddresses separator='+-'/></policy>")
                    .contains("\"+-\" separates no detail", "write separator=\"+\"");
            faultOf("<policy><subaddresses separator='@'/></policy>").contains("\"@\" separates no detail");
            faultOf("<policy><subaddresses separator=''/></policy>").contains("\"\" separates no detail");
            faultOf("<policy><subaddresses separater='-'/></policy>").contains("has no attribute \"separater\"");
        }
    }

    @Nested
    class RelayByProof {
        private static final String NETWORK = "<policy><networks><network name='a'>192.0.2.0/24</network></networks>";

        @Test
        void aProofIsOneOfDmarcAndStandsWithANetwork() {
            faultOf(NETWORK + "<relay><allow network='a' proof='spf'/></relay></policy>")
                    .contains("proof=\"spf\" says nothing", "write proof=\"dmarc\"");
            faultOf(NETWORK + "<relay><allow authenticated='true' network='a' proof='dmarc'/></relay></policy>")
                    .contains("an account is a proof already");
            faultOf(NETWORK
                            + "<relay><allow senderDomains='x.example' proof='dmarc'/><allow"
                            + " network='a'/></relay></policy>")
                    .contains("senderDomains alone would let anybody relay");
            faultOf(NETWORK + "<relay><allow network='a' proof='dmarc'/></relay><inbound proof='off'/></policy>")
                    .contains("asks for a proof that <inbound proof=\"off\"> keeps from being looked for");
        }
    }

    @Nested
    class Inbound {
        @Test
        void whatBecomesOfMailThatFails() {
            faultOf("<policy>\n  <inbound><dmarc reject='bounce'/></inbound></policy>")
                    .startsWith("rempart.xml:2:12: \"bounce\" is unknown as reject of <dmarc>")
                    .contains("refuse", "mark", "accept");
            faultOf("<policy><inbound><dmarc unanswered='refuse'/></inbound></policy>")
                    .contains("defer");
            for (String address : List.of("dmarc", "a@[192.0.2.1]", "\u00fc@ours.example", "")) {
                faultOf("<policy><inbound><dmarc reports='" + address + "'/></inbound></policy>")
                        .contains("reports=\"dmarc-reports@example.com\"");
            }
            faultOf("<policy><inbound proof='maybe'/></policy>").contains("\"maybe\" is unknown as proof of <inbound>");
            faultOf("<policy><inbound proof='off'><dmarc reject='mark'/></inbound></policy>")
                    .contains("<dmarc> says nothing where nothing is proven");
        }

        @Test
        void anExceptionHasAReason() {
            faultOf("<policy><inbound><dmarc><except domain='list.example'/></dmarc></inbound></policy>")
                    .contains("<except> lacks its reason");
            faultOf("<policy><inbound><dmarc><except reason='x'/></dmarc></inbound></policy>")
                    .contains("<except> lacks its network");
            faultOf("<policy><inbound><dmarc><except domain='*' reason='x'/></dmarc></inbound></policy>")
                    .contains("an exception for every domain is none");
            faultOf("<policy><inbound><dmarc><except domain='a.example' reason='x'/>"
                            + "<except domain='A.example' reason='y'/></dmarc></inbound></policy>")
                    .contains("a second <except> for \"A.example\"");
            faultOf("<policy><inbound><dmarc><except sealer='*.list.example' reason='x'/></dmarc></inbound></policy>")
                    .contains("a sealer is one domain, and no pattern");
            faultOf("<policy><inbound><dmarc><except network='none' reason='x'/></dmarc></inbound></policy>")
                    .contains("none");
        }
    }

    @Nested
    class Filters {
        private String filters(String inside) {
            return "<policy><filters>" + inside + "</filters></policy>";
        }

        @Test
        void aFilterHasANameAndAPlace() {
            faultOf("<policy>\n  <filters><filter at='http://a:1'/></filters></policy>")
                    .startsWith("rempart.xml:2:12: <filter> lacks its name");
            faultOf(filters("<filter name='a/b' at='http://a:1'/>")).contains("can't be the name of a filter");
            faultOf(filters("<filter name='a'/>")).contains("<filter> lacks its at", "milter://127.0.0.1:7357");
            for (String place : List.of("a:1", "https://a:1", "milter://a", "http://a:1/checkv2", "milter://a b:1")) {
                faultOf(filters("<filter name='a' at='" + place + "'/>"))
                        .contains("is no place of a filter", "http://127.0.0.1:11333");
            }
            faultOf(filters("<filter name='a' at='milter://a:0'/>")).contains("\"0\" is no port");
            faultOf(filters("<filter name='a' at='milter://a:65536'/>")).contains("is no port");
            faultOf(filters("<filter name='a' at='http://a:1'/><filter name='a' at='http://b:1'/>"))
                    .contains("a second filter \"a\"", "another name");
        }

        @Test
        void whatFollowsFromItsWordIsKnown() {
            String filter = "<filter name='a' at='http://a:1' ";
            faultOf(filters(filter + "reject='bounce'/>"))
                    .contains("\"bounce\" is unknown as reject of <filter>", "refuse, quarantine, junk, accept");
            faultOf(filters(filter + "spam='discard'/>")).contains("as spam of <filter>");
            faultOf(filters(filter + "quarantine='drop'/>")).contains("as quarantine of <filter>");
            faultOf(filters(filter + "unanswered='refuse'/>")).contains("defer, accept");
            faultOf(filters(filter + "mail='inside'/>")).contains("outside, submitted, all");
            faultOf(filters(filter + "socket='x'/>")).contains("has no attribute \"socket\"");
        }

        @Test
        void itHasItsBounds() {
            String filter = "<filter name='a' at='http://a:1' ";
            faultOf(filters(filter + "largest='10'/>")).contains("\"10\" is no size", "10M");
            faultOf(filters(filter + "timeout='soon'/>")).contains("\"soon\" is not a duration");
            faultOf(filters(filter + "timeout='6m'/>")).contains("360 s together", "300s");
            faultOf(filters(filter + "timeout='4m'/><filter name='b' at='http://b:1' timeout='2m'/>"))
                    .contains("360 s together");
            StringBuilder six = new StringBuilder();
            for (int i = 0; i < 6; i++) {
                six.append("<filter name='f").append(i).append("' at='http://a:1'/>");
            }
            faultOf(filters(six.toString())).contains("more than 5 filters");
        }

        @Test
        void anExceptionHasANetworkAndAReason() {
            faultOf(filters("<filter name='a' at='http://a:1'><except network='x' reason='y'/></filter>"))
                    .contains("network \"x\" is not defined");
        }
    }

    @Nested
    class Dkim {
        @Test
        void aKeyNeedsADomainASelectorAndAFile() {
            faultOf("<policy>\n  <dkim><sign selector='s' key='k'/></dkim></policy>")
                    .startsWith("rempart.xml:2:9: <sign> lacks its domain");
            faultOf("<policy><dkim><sign domain='*.x.example' selector='s' key='k'/></dkim></policy>")
                    .contains("\"*.x.example\" is no domain");
            faultOf("<policy><dkim><sign domain='x.example' selector='s' key=''/></dkim></policy>")
                    .contains("<sign> has an empty key", "key=\"conf/dkim/s1.example.com.pem\"");
            for (String selector : List.of("a_b", ".a", "a.", "-a", "a-", "a".repeat(64), "a.".repeat(120) + "a")) {
                faultOf("<policy><dkim><sign domain='x.example' selector='" + selector + "' key='k'/></dkim></policy>")
                        .contains("is no selector");
            }
        }

        @Test
        void aSelectorIsForOneKey() {
            faultOf("<policy><dkim><sign domain='x.example' selector='s' key='k'/>"
                            + "<sign domain='X.example' selector='S' key='l'/></dkim></policy>")
                    .contains("has the domain and selector of <sign domain=\"x.example\"");
        }

        @Test
        void aDomainHasFewKeys() {
            StringBuilder keys = new StringBuilder();
            for (int i = 0; i < 5; i++) {
                keys.append("<sign domain='x.example' selector='s").append(i).append("' key='k'/>");
            }
            faultOf("<policy><dkim>" + keys + "</dkim></policy>").contains("x.example has more than 4 keys");
        }
    }

    @Nested
    class Tls {
        @Test
        void oldProtocol() {
            tlsFault("<protocols>TLSv1.3, TLSv1.1</protocols>")
                    .startsWith("rempart.xml:2:3: TLSv1.1 is unsafe and never used")
                    .contains("possible are TLSv1.3, TLSv1.2");
            tlsFault("<protocols>SSLv3</protocols>").contains("SSLv3 is unsafe");
            tlsFault("<protocols>TLSv1</protocols>").contains("TLSv1 is unsafe");
        }

        @Test
        void unknownProtocol() {
            tlsFault("<protocols>TLS1.3</protocols>").contains("\"TLS1.3\" is unknown", "is TLSv1.3 meant?");
        }

        @Test
        void noProtocol() {
            tlsFault("<protocols/>").contains("the list of protocols is empty");
        }

        @Test
        void unknownClients() {
            tlsFault("<clients>require</clients>").contains("is required meant?");
            tlsFault("<clients>excepted</clients>").contains("possible are required, optional");
        }

        @Test
        void clientsThatSayNothing() {
            tlsFault("<clients><except network='p' reason='r'/></clients>").contains("<clients> says nothing");
        }

        @Test
        void spoofed() {
            submissionFault("<spoofed>reject</spoofed>").contains("unknown as handling", "refuse, mark, accept");
            submissionFault("<spoofed/>").contains("says nothing for handling");
            submissionFault("<spoofed>mark</spoofed><spoofed>mark</spoofed>").contains("a second <spoofed>");
            submissionFault("<spoofed>mark<expect/></spoofed>").contains("is <except> meant?");
            submissionFault("<spoofed>refuse<except network='p'/></spoofed>").contains("\"p\" is not defined");
        }

        @Test
        void held() {
            submissionFault("<held mail='drop'/>").contains("unknown as mail", "refuse, keep");
            submissionFault("<held/>").contains("lacks its mail", "mail=\"keep\"");
            submissionFault("<held mail='keep'/><held mail='keep'/>").contains("a second <held>");
            submissionFault("<held mail='keep'>x</held>").contains("holds the text");
        }

        @Test
        void delegate() {
            submissionFault("<delegate as='b@x.example'/>").contains("says nothing of who");
            submissionFault("<delegate account='a@x.example'/>").contains("lacks its as");
            submissionFault("<delegate account='a@x.example' as='b'/>").contains("\"b\" is no mail address");
            submissionFault("<delegate members='sales' as='b@x.example'/>").contains("\"sales\" is no mail address");
            submissionFault("<delegate account='a,' as='b@x.example'/>").contains("has an empty part");
            submissionFault("<delegate account='a' as='*@b c'/>").contains("names no domain");
        }

        @Test
        void exceptWithoutReason() {
            tlsFault("<clients>required\n <except network='p'/></clients>")
                    .startsWith("rempart.xml:3:2: <except> lacks its reason");
            tlsFault("<clients>required <except network='p' reason=' '/></clients>")
                    .contains("an empty reason");
        }

        @Test
        void exceptWithoutNetwork() {
            tlsFault("<clients>required <except reason='r'/></clients>").contains("lacks its network");
        }

        @Test
        void twoExceptsForOneNetwork() {
            tlsFault("<clients>required\n"
                            + " <except network='p' reason='r'/>\n"
                            + " <except network='p' reason='s'/></clients>")
                    .startsWith(
                            "rempart.xml:4:2: a second <except> for network \"p\", the first is at rempart.xml:3:2");
        }

        @Test
        void twoExceptsThatShareAPrefix() {
            faultOf("<policy><networks><network name='p'>10.0.0.0/24, 192.0.2.1</network><network"
                            + " name='q'>192.0.2.1/32</network></networks><tls><clients>required\n"
                            + "<except network='p' reason='r'/>\n"
                            + "<except network='q' reason='s'/></clients></tls></policy>")
                    .startsWith("rempart.xml:3:1: networks \"q\" and \"p\" both hold 192.0.2.1")
                    .contains("rempart.xml:2:1");
        }

        @Test
        void unknownLevel() {
            tlsFault("<outbound>\n<to domain='example.com' level='verfy'/></outbound>")
                    .startsWith("rempart.xml:3:1: ")
                    .contains("none, opportunistic, encrypt, verify, secure, fingerprint, dane, dane-only (is verify"
                            + " meant?)");
        }

        @Test
        void unknownDefaultLevel() {
            tlsFault("<outbound default='may'/>").contains("\"may\" is unknown as default of <outbound>");
        }

        @Test
        void fingerprintForEveryDomain() {
            tlsFault("<outbound default='fingerprint'/>")
                    .startsWith("rempart.xml:2:3: level fingerprint can't be the default");
        }

        @Test
        void fingerprintThatNamesNone() {
            tlsFault("<outbound><to domain='example.com' level='fingerprint'/></outbound>")
                    .startsWith("rempart.xml:2:13: <to> lacks its fingerprints")
                    .contains("spki-sha256:");
            tlsFault("<outbound><to domain='example.com' level='fingerprint' fingerprints=' '/></outbound>")
                    .contains("empty fingerprints");
        }

        @Test
        void badFingerprint() {
            tlsFault("<outbound><to domain='example.com' level='fingerprint' fingerprints='sha256:0a'/></outbound>")
                    .startsWith("rempart.xml:2:13: \"sha256:0a\" is not a fingerprint; write sha256: and the 64");
            tlsFault("<outbound><to domain='example.com' level='fingerprint' fingerprints='sha1:" + "0a".repeat(20)
                            + "'/></outbound>")
                    .contains("is not a fingerprint");
        }

        @Test
        void placeWithoutFingerprint() {
            tlsFault("<outbound><to domain='example.com' level='fingerprint' fingerprints='sha256:" + "0a".repeat(32)
                            + ",'/></outbound>")
                    .contains("has an empty part");
        }

        @Test
        void fingerprintsAtAnotherLevel() {
            tlsFault("<outbound><to domain='example.com' level='verify' fingerprints='sha256:" + "0a".repeat(32)
                            + "'/></outbound>")
                    .startsWith("rempart.xml:2:13: fingerprints says nothing at the level verify")
                    .contains("level fingerprint");
        }

        @Test
        void matchAtAnotherLevel() {
            tlsFault("<outbound><to domain='example.com' level='verify' match='mx.example.com'/></outbound>")
                    .startsWith("rempart.xml:2:13: match says nothing at the level verify")
                    .contains("level secure");
        }

        @Test
        void badMatch() {
            tlsFault("<outbound><to domain='example.com' level='secure' match='*.example.com'/></outbound>")
                    .startsWith("rempart.xml:2:13: \"*.example.com\" is not a name that a certificate can have")
                    .contains(".x.example for all below it");
            tlsFault("<outbound><to domain='example.com' level='secure' match=''/></outbound>")
                    .contains("the list of names is empty");
        }

        @Test
        void trustAtAnotherLevel() {
            tlsFault("<outbound><to domain='example.com' level='encrypt' trust='conf/tls/a.pem'/></outbound>")
                    .startsWith("rempart.xml:2:13: trust says nothing at the level encrypt")
                    .contains("level verify or secure");
        }

        @Test
        void emptyTrust() {
            tlsFault("<outbound><to domain='example.com' level='verify' trust=''/></outbound>")
                    .startsWith("rempart.xml:2:13: <to> has an empty trust")
                    .contains("conf/tls/partner-ca.pem");
        }

        @Test
        void unknownMtaSts() {
            tlsFault("<outbound mtaSts='of'/>")
                    .startsWith("rempart.xml:2:3: \"of\" is unknown as mtaSts of <outbound>; possible are on, off");
        }

        @Test
        void daneWithoutProofs() {
            tlsFault("<outbound default='dane'/>")
                    .startsWith("rempart.xml:2:3: the level dane needs answers of the DNS that are proven; write "
                            + "<outbound dnssec=\"validate\">");
            tlsFault("<outbound dnssec='off'>\n<to domain='a.example' level='dane-only'/></outbound>")
                    .startsWith("rempart.xml:3:1: the level dane-only needs answers of the DNS that are proven");
            tlsFault("<outbound dnssec='resolver' rootAnchors='conf/root.txt'/>")
                    .startsWith("rempart.xml:2:3: rootAnchors says nothing with dnssec=\"resolver\"");
            tlsFault("<outbound dnssec='yes'/>").contains("possible are off, validate, resolver");
        }

        @Test
        void reportsFromNobody() {
            for (String address : List.of("postmaster", "a@[192.0.2.1]", "<a@b.example>", "\u00FC@b.example")) {
                tlsFault("<outbound reports='" + address.replace("<", "&lt;") + "'/>")
                        .startsWith("rempart.xml:2:3: ")
                        .contains("is no address; write the address that reports about TLS come from");
            }
            tlsFault("<outbound reports=' '/>").startsWith("rempart.xml:2:3: <outbound> has an empty reports");
        }

        @Test
        void policiesOfOursThatAreNone() {
            for (String place :
                    List.of("443", "0.0.0.0", "0.0.0.0:0", "0.0.0.0:65536", "::443", "mta-sts.example.com:443")) {
                tlsFault("<mta-sts serve='" + place + "' mode='enforce'/>")
                        .startsWith("rempart.xml:2:3: ")
                        .contains("is no address with a port; write the address and the port of the HTTPS listener");
            }
            tlsFault("<mta-sts serve='0.0.0.0:443'/>").contains("lacks its mode; write mode=\"testing\" until");
            tlsFault("<mta-sts serve='0.0.0.0:443' mode='enforced'/>").contains("possible are enforce, testing, none");
            for (String host :
                    List.of("mail", "*", "mail.*.example", "mail example.com", "192.0.2.1:25", "-a.example")) {
                tlsFault("<mta-sts serve='0.0.0.0:443' mode='none' mx='" + host + "'/>")
                        .contains("is no name of a host; write mx=\"mail.example.com\"");
            }
            for (String age : List.of("10m", "366d")) {
                tlsFault("<mta-sts serve='0.0.0.0:443' mode='none' maxAge='" + age + "'/>")
                        .contains("is not between an hour and a year; write maxAge=\"7d\"");
            }
            tlsFault("<mta-sts serve='0.0.0.0:443' mode='none' maxAge='soon'/>").startsWith("rempart.xml:2:3: ");
            tlsFault("<mta-sts serve='0.0.0.0:443' mode='none' certificate='conf/tls/a.pem'/>")
                    .contains("lacks its key; certificate and key go together");
        }

        @Test
        void sameDomainWithOtherCertificates() {
            tlsFault("<outbound>\n<to domain='example.com' level='verify' trust='a.pem'/>\n"
                            + "<to domain='example.com' level='verify' trust='b.pem'/></outbound>")
                    .startsWith("rempart.xml:4:1: ")
                    .contains("contradicts");
        }

        @Test
        void levelNoneWithoutReason() {
            tlsFault("<outbound><to domain='example.com' level='none'/></outbound>")
                    .startsWith("rempart.xml:2:13: <to> lacks its reason");
        }

        @Test
        void levelNoneForAll() {
            tlsFault("<outbound default='none'/>").contains("all mail in clear text");
            tlsFault("<outbound><to domain='*' level='none' reason='r'/></outbound>")
                    .contains("all mail in clear text");
        }

        @Test
        void toWithoutLevel() {
            tlsFault("<outbound><to domain='example.com'/></outbound>").contains("lacks its level");
        }

        @Test
        void toWithoutDomain() {
            tlsFault("<outbound><to level='verify'/></outbound>").startsWith("rempart.xml:2:13: <to> lacks its domain");
        }

        @Test
        void badDomain() {
            tlsFault("<outbound><to domain='a..example' level='verify'/></outbound>")
                    .startsWith("rempart.xml:2:13: \"a..example\" is not a domain");
        }

        @Test
        void addressForADomain() {
            tlsFault("<outbound><to domain='192.0.2.1' level='verify'/></outbound>")
                    .contains("is not a domain");
        }

        @Test
        void sameDomainWithTwoLevels() {
            tlsFault("<outbound>\n<to domain='example.com' level='verify'/>\n<to domain='Example.COM' level='encrypt'/>"
                            + "</outbound>")
                    .startsWith("rempart.xml:4:1: ")
                    .contains("contradicts <to domain=\"example.com\" level=\"verify\"/> at rempart.xml:3:1");
        }
    }

    @Nested
    class Shared {
        private AbstractStringAssert<?> sharedFault(String attributes) {
            return faultOf("<policy>\n  <shared " + attributes + "/>\n</policy>")
                    .startsWith("rempart.xml:2:");
        }

        private AbstractStringAssert<?> storeFault(String store) {
            return sharedFault("password='p' store='" + store + "'");
        }

        @Test
        void withoutAStoreOrAPassword() {
            sharedFault("password='p'").contains("<shared> lacks its store", "rediss://redis.example:6379");
            sharedFault("store='rediss://a.example'").contains("lacks its password", "conf/redis.password");
            sharedFault("store='rediss://a.example' password=''").contains("has an empty password");
        }

        @Test
        void aStoreThatIsNone() {
            storeFault("redis.example:6379").contains("does not begin with rediss:// or redis://");
            storeFault("http://redis.example").contains("does not begin with rediss:// or redis://");
            storeFault("rediss://").contains("is no address of a store", "write store=");
            storeFault("rediss://a.example:0").contains("more or less than a host and a port");
            storeFault("rediss://a.example:70000").contains("more or less than a host and a port");
            storeFault("rediss://a.example/1").contains("more or less than a host and a port", "prefix");
            storeFault("rediss://a.example?timeout=1").contains("more or less than a host and a port");
            storeFault("rediss://a_b:6379").contains("more or less than a host and a port");
            storeFault("rediss://a.example,").contains("has an empty part");
        }

        @Test
        void aSecretInTheAddress() {
            storeFault("rediss://:secret@a.example")
                    .contains("password=\"FILE\"")
                    .doesNotContain("secret@");
            storeFault("rediss://mail:secret@a.example")
                    .contains("password=\"FILE\"")
                    .doesNotContain("secret@");
        }

        @Test
        void severalServersThatAreNeitherSentinelsNorACluster() {
            storeFault("rediss://a.example, rediss://b.example").contains("names 2 servers", "sentinel", "cluster");
        }

        @Test
        void bothKinds() {
            sharedFault("store='rediss://a.example' password='p' sentinel='m' cluster='true'")
                    .contains("sentinel and cluster");
            sharedFault("store='rediss://a.example' password='p' sentinelPassword='m'")
                    .contains("and no sentinel");
            sharedFault("store='rediss://a.example' password='p' sentinel=''").contains("has an empty sentinel");
            sharedFault("store='rediss://a.example' password='p' cluster='yes'")
                    .contains("unknown as cluster", "true, false");
        }

        @Test
        void inClearTextWithoutAReason() {
            storeFault("redis://a.example").contains("lacks its reason", "write rediss://");
            storeFault("redis://127.0.0.1,rediss://a.example").contains("with TLS and without");
            sharedFault("store='redis://127.0.0.1' password='p' trust='ca.pem'").contains("no certificates to trust");
            sharedFault("store='rediss://a.example' password='p' reason='x'").contains("remove the reason");
            sharedFault("store='redis://localhost' password='p' reason='x'").contains("remove the reason");
        }

        @Test
        void timeoutsAndPrefixes() {
            sharedFault("store='rediss://a.example' password='p' timeout='500ms'")
                    .contains("500ms");
            sharedFault("store='rediss://a.example' password='p' timeout='11s'").contains("write 10s at most");
            sharedFault("store='rediss://a.example' password='p' prefix='a:b'").contains("can't be a prefix");
            sharedFault("store='rediss://a.example' password='p' prefix=''").contains("can't be a prefix");
        }
    }
}
