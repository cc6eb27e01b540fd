/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.headers;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.rempart.policy.PolicyException;

/**
 * Header fields that belong together, by the name that {@code <strip preset="…">} calls them.
 *
 * <p>No preset names a field that others act on: those of mailing lists ({@code List-*}), automatic answers
 * ({@code Auto-Submitted}, {@code Precedence}), signatures ({@code DKIM-Signature}, {@code ARC-*}), loop detection
 * ({@code X-Loop}, {@code X-BeenThere}, {@code X-MS-Exchange-Inbox-Rules-Loop}), or what a recipient's program shows
 * ({@code X-Priority}, {@code X-MSMail-Priority}, {@code Sensitivity}). {@code Received} has an element of its own.
 */
public enum HeaderPreset {
    /**
     * What a sender's program says of itself and of where it runs: its product and version, for which an attacker looks
     * up the flaws; the address of the sender's machine; the account behind an alias; the path of a script.
     */
    CLIENT(
            // Mail programs: product, version, often the operating system.
            "User-Agent",
            "X-Library",
            "X-Mailer",
            "X-MimeOLE",
            "X-Newsreader",
            // OpenPGP plug-ins: product and version.
            "X-Enigmail",
            "X-Pgp-Agent",
            // Thunderbird: which of the user's accounts and identities wrote it, and the state of its copy.
            "X-Account-Key",
            "X-Identity-Key",
            "X-Mozilla-Keys",
            "X-Mozilla-Status",
            "X-Mozilla-Status2",
            // Evolution: the account as a URL, with the user and the internal host (imap://rob@thebes/).
            "X-Evolution-*",
            // Mutt: the folder that the copy goes to.
            "X-Mutt-Fcc",
            // Apple Mail: identifiers of the message in the sender's own store.
            "X-Uniform-Type-Identifier",
            "X-Universally-Unique-Identifier",
            // Outlook: whether its organisation has reactions, so that it is on Exchange.
            "X-MS-Reactions",
            // Webmail and gateways: address, host and login of the one behind the browser.
            "X-Client-IP",
            "X-Forward",
            "X-Originating-Client",
            "X-Originating-Email",
            "X-Originating-Host",
            "X-Originating-IP",
            "X-Originating-User",
            "X-Real-IP",
            "X-Remote-Addr",
            "X-Remote-IP",
            "X-Sender-IP",
            "X-Webmail-*",
            // SquirrelMail: the same, encrypted with a key that is often left at its default.
            "X-SquirrelFromHash",
            "X-SquirrelUserHash",
            // Eudora, Pine, scripts: the login at the internal server (user@host).
            "X-Sender",
            // PHP's mail(): the script and the user id that it ran under.
            "X-PHP-Filename",
            "X-PHP-Originating-Script",
            "X-PHP-Script",
            // cPanel with Exim: host, user ids, directory and command line of what sent it.
            "X-AntiAbuse",
            "X-From-Rewrite",
            "X-Get-Message-Sender-Via",
            "X-Local-Domain",
            "X-Source",
            "X-Source-*",
            // Zimbra and others: the account; Sendmail: the local user and host that it distrusts.
            "X-Authenticated-*",
            "X-Authentication-Warning",
            // Other spellings: the account, and the address of anyone who logged in.
            "X-AuthUser",
            "X-Authenticated",
            "X-AuthenticatedUser",
            "X-ClientAddr",
            "X-Login-*",
            "X-OriginatingIP",
            "X-SenderIP",
            "X-SourceIP",
            "X-Webmail",
            "X-X-Sender",
            // The operating system by name and version.
            "X-Operating-System",
            "X-OS",
            // HCL Domino and Notes: server, version and when each task had the message.
            "X-MIMETrack",
            "X-Notes-*"),

    /**
     * What anti-spam and anti-virus products add: which product stands in the way, its version, its hosts, its rules and
     * how near to its threshold the message came; all that a spammer needs to tune the next one.
     */
    FILTER(
            // What MarkUnverifiedSender and FilterHook write.
            "X-Unverified-Sender",
            "X-Unfiltered",
            // SpamAssassin, rspamd, and most that copy their names.
            "X-Spam",
            "X-Spam-*",
            "X-Spam_*",
            "X-Spamd",
            "X-Spamd-*",
            "X-Rspamd-*",
            // Amavis, ClamAV and other virus scanners: version, and often the host.
            "X-Amavis-*",
            "X-Antivirus",
            "X-Antivirus-*",
            "X-Virus-*",
            "X-VirusChecked",
            // Local set-ups of SpamAssassin and mailagent, as public list servers run them.
            "X-ASF-Spam-Status",
            "X-Filter",
            "X-Nonspam",
            "X-OutGoing-Spam-Status",
            // MIMEDefang, MailScanner, bogofilter, DSPAM, CRM114, milter-greylist, policyd-weight.
            "X-Bogosity",
            "X-CRM114-*",
            "X-DSPAM-*",
            "X-Greylist",
            "X-MailScanner",
            "X-MailScanner-*",
            "X-*-MailScanner",
            "X-*-MailScanner-*",
            "X-Policyd-Weight",
            "X-Scanned-By",
            // OpenDKIM, OpenDMARC, OpenARC: version and host.
            "ARC-Filter",
            "DKIM-Filter",
            "DMARC-Filter",
            // Agari.
            "X-Agari*",
            // Barracuda: appliance's host name, rules, score.
            "X-ASG-*",
            "X-Barracuda-*",
            // Bitdefender, Dr.Web, ESET.
            "X-BitDefender-*",
            "X-DrWeb-*",
            "X-ESET-*",
            "X-EsetId",
            "X-EsetResult",
            // Cisco IronPort (Secure Email): listener, policy, reputation score.
            "IronPort-*",
            "X-IPAS-Result",
            "X-IronPort-*",
            "X-SBRS",
            // Cloudmark and Cyren, which others embed.
            "X-CMAE-*",
            "X-CTCH-*",
            "X-Cloudmark-*",
            // FireEye.
            "X-FE-*",
            "X-FEAS-*",
            "X-FireEye*",
            // Forcepoint.
            "X-Forcepoint*",
            // Fortinet FortiMail.
            "X-FortiMail*",
            // Hornetsecurity (formerly antispameurope).
            "X-Hornetsecurity-*",
            "X-antispameurope-*",
            // Kaspersky: for Linux mail servers, for Exchange, Secure Mail Gateway.
            "X-KLMS-*",
            "X-KSE-*",
            "X-KSMG-*",
            // McAfee.
            "X-McAfee-*",
            "X-NAI-Spam-*",
            // Microsoft: Forefront and its successors in Exchange Online.
            "X-Forefront-*",
            "X-MS-Office365-Filtering-*",
            "X-Microsoft-Antispam*",
            // Mimecast.
            "X-Mimecast-*",
            // Proofpoint, and its phishing training ThreatSim.
            "X-Proofpoint-*",
            "X-ThreatSim*",
            // Sophos, with PureMessage and the LASED engine.
            "X-LASED*",
            "X-PMX-*",
            "X-PerlMx-*",
            "X-Sophos*",
            // Symantec: Brightmail, and the MessageLabs cloud.
            "X-Brightmail*",
            "X-Env-Sender",
            "X-Msg-Ref",
            "X-StarScan-*",
            "X-Symantec-*",
            // Trend Micro.
            "X-IMSS-*",
            "X-TM-*",
            "X-TMASE*",
            // Trustwave SEG, formerly MailMarshal.
            "X-MSW-JEMD*",
            "X-SEG-*",
            // Vade.
            "X-VR-*",
            "X-Vade-*"),

    /**
     * What Exchange adds for its own organisation: internal server and directory names, how a message was
     * authenticated, which rules and journals it passed.
     */
    EXCHANGE(
            // The ones that Exchange's own header firewall takes off at the border, where it is on.
            "X-MS-Exchange-Organization-*",
            "X-MS-Exchange-Forest-*",
            "X-MS-Exchange-CrossPremises-*",
            "X-CrossPremisesHeadersFilteredByDsnGenerator",
            "X-CrossPremisesHeadersFilteredBySendConnector",
            "X-CrossPremisesHeadersPromoted",
            "X-OrganizationHeadersPreserved",
            // Between tenants of Exchange Online: tenant ids, internal hosts, latency of each hop.
            "X-EOPAttributedMessage",
            "X-Incoming*",
            "X-Microsoft-Exchange-Diagnostics*",
            "X-EOPTenantAttributedMessage",
            "X-ExternalRecipientOutboundConnectors",
            "X-MS-Exchange-AntiSpam-*",
            "X-MS-Exchange-AtpMessageProperties",
            "X-MS-Exchange-CrossTenant-*",
            "X-MS-Exchange-SenderADCheck",
            "X-MS-Exchange-Transport-*",
            "X-MS-PublicTrafficType",
            "X-MS-TrafficTypeDiagnostic",
            "X-OriginatorOrg",
            // What the sender's own organisation notes: its servers, groups, delegates, and whom it trusts.
            "X-MS-Exchange-Authentication-Results",
            "X-MS-Exchange-Calendar-Originator-Id",
            "X-MS-Exchange-EOPDirect",
            "X-MS-Exchange-ExternalOriginalInternetSender",
            "X-MS-Exchange-ImapAppendStamp",
            "X-MS-Exchange-MessageSentRepresentingType",
            "X-MS-Exchange-Parent-Message-Id",
            "X-MS-Exchange-Processed-By-*",
            "X-MS-Exchange-SharedMailbox-*",
            "X-MS-Exchange-SkipListedInternetSender",
            "X-MS-Exchange-SLBlob-MailProps",
            "X-MS-Exchange-UnifiedGroup-*",
            // The internal server by name.
            "X-ClientProxiedBy",
            // When the first internal server had it.
            "X-OriginalArrivalTime"),

    /**
     * Classification marks: which classes an organisation has, and which messages are worth stealing. Not among the
     * defaults, since partners may have agreed to act on them.
     */
    LABELS(
            // Microsoft Purview (MSIP): tenant id, label id, who set it and when.
            "msip_label*",
            // Fortra (Titus), Boldon James, Digital Guardian.
            "X-BJ-*",
            "X-DG-*",
            "X-Titus*",
            // The marking scheme of Australia's administration.
            "X-Protective-Marking"),

    /**
     * Traces other than {@code Received}: the way through internal hosts, and the addresses behind aliases. Not among
     * the defaults: some forwarders detect loops by {@code Delivered-To}, beside the count of {@code Received} fields.
     */
    TRACE(
            // Results of checks, meant for the domain that made them only (RFC 8601, section 1.2; RFC 7208, section
            // 9.1);
            // they hold the addresses of internal hops.
            "Authentication-Results",
            "Received-SPF",
            "X-Original-Authentication-Results",
            // A final delivery's note of the envelope (RFC 5321, section 4.4: not to be sent; RFC 9228): aliases, blind
            // copies.
            "Delivered-To",
            "Delivery-Date",
            "Envelope-To",
            "Return-Path",
            "X-Delivered-To",
            "X-Envelope-*",
            "X-Original-To",
            "X-Rcpt-To",
            // Google's own hops.
            "X-Google-Smtp-Source",
            "X-Received",
            // fetchmail and other POP3 collectors: user and host of the mailbox.
            "X-Fetched-From",
            "X-POP3-Rcpt",
            // Sendmail and James: the host that changed the transfer encoding.
            "X-MIME-Autoconverted",
            // Cyrus: the store's session and version.
            "X-Cyrus-Session-Id",
            "X-Sieve");

    // An unmodifiable list of immutable patterns; the checker can't see that.
    @SuppressWarnings("ImmutableEnumChecker")
    private final List<HeaderPattern> patterns;

    HeaderPreset(String... names) {
        List<HeaderPattern> read = new ArrayList<>();
        try {
            for (String name : names) {
                read.add(HeaderPattern.parse(name));
            }
        } catch (PolicyException wrongName) {
            throw new AssertionError(wrongName);
        }
        this.patterns = List.copyOf(read);
    }

    /** The fields that the preset names. */
    public List<HeaderPattern> patterns() {
        return patterns;
    }

    /** The preset as the policy writes it. */
    public String keyword() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The preset of this keyword, in lower case; empty when there is none. */
    public static Optional<HeaderPreset> ofKeyword(String keyword) {
        for (HeaderPreset preset : values()) {
            if (preset.keyword().equals(keyword)) {
                return Optional.of(preset);
            }
        }
        return Optional.empty();
    }
}
