/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.message.proof;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.rempart.message.dns.MailExchanger;
import org.rempart.message.dns.UnansweredException;
import org.rempart.policy.DomainNames;

/** Whether a domain lets a client send as it: {@code check_host()} of RFC 7208. */
final class Spf {
    /** Section 2.6. */
    enum Result {
        NONE,
        NEUTRAL,
        PASS,
        FAIL,
        SOFTFAIL,
        TEMPERROR,
        PERMERROR;

        String keyword() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Section 4.6.4: mechanisms and modifiers that ask, names of a mechanism, and answers that there is nothing. */
    private static final int MOST_TERMS = 10;

    private static final int MOST_NAMES = 10;
    private static final int MOST_VOID = 2;

    /** More than a TXT record of use holds; what it expands to is bounded, too. */
    private static final int LONGEST_RECORD = 16 * 1024;

    private static final String VERSION = "v=spf1";
    private static final Pattern MODIFIER = Pattern.compile("([A-Za-z][A-Za-z0-9._-]*)=(.*)", Pattern.DOTALL);
    /** What may stand behind a domain: {@code /24}, {@code //64} or both. */
    private static final Pattern PREFIXED = Pattern.compile("(.*?)((?:/[0-9]{1,3})?(?://[0-9]{1,3})?)", Pattern.DOTALL);

    private static final Pattern MACRO =
            Pattern.compile("%(?:\\{([SsLlOoDdIiPpHhVv])([0-9]{0,3})([Rr]?)([.\\-+,/_=]*)\\}|([%_-]))");
    private static final Pattern TOP_LABEL = Pattern.compile(
            ".*\\.(?=[A-Za-z0-9-]*[A-Za-z-])[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\\.?", Pattern.DOTALL);
    private static final String URI_UNRESERVED = "-._~";

    private final InetAddress client;
    private final String helo;
    private final String local;
    private final String senderDomain;
    private final Lookups lookups;
    private int terms = MOST_TERMS;
    private int voids = MOST_VOID;

    /** The record is wrong, or asks for too much. */
    private static final class PermanentException extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private Spf(InetAddress client, String helo, String local, String senderDomain, Lookups lookups) {
        this.client = client;
        this.helo = helo;
        this.local = local.isEmpty() ? "postmaster" : local;
        this.senderDomain = senderDomain;
        this.lookups = lookups;
    }

    /**
     * Checks a client.
     *
     * @param helo what it said of itself
     * @param local the sender's local part; empty for that of a host
     * @param domain the sender's domain, or the host
     */
    static Result check(InetAddress client, String helo, String local, String domain, Lookups lookups) {
        String name = DomainNames.comparable(domain);
        if (!isName(name)) {
            return Result.NONE;
        }
        try {
            return new Spf(client, helo, local, name, lookups).checkHost(name);
        } catch (UnansweredException unanswered) {
            return Result.TEMPERROR;
        } catch (PermanentException wrong) {
            return Result.PERMERROR;
        }
    }

    /** Section 4.3. */
    private static boolean isName(String name) {
        return name.length() <= DomainNames.LONGEST
                && name.indexOf('.') > 0
                && !name.startsWith("[")
                && Arrays.stream(name.split("\\.", -1)).allMatch(label -> !label.isEmpty() && label.length() <= 63)
                // A macro may be a space (section 7.3).
                && name.chars().allMatch(c -> c >= ' ' && c < 127);
    }

    private Result checkHost(String domain) throws UnansweredException, PermanentException {
        Optional<String> record = record(domain);
        if (record.isEmpty()) {
            return Result.NONE;
        }
        List<Term> all = Term.parse(record.get());
        String redirect = null;
        boolean explained = false;
        for (Term term : all) {
            if (term.name.equals("redirect")) {
                if (redirect != null) {
                    throw new PermanentException();
                }
                redirect = term.domain;
            } else if (term.name.equals("exp")) {
                if (explained) {
                    throw new PermanentException();
                }
                explained = true;
            }
        }
        for (Term term : all) {
            if (term.isMechanism && matches(term, domain)) {
                return term.result;
            }
        }
        if (redirect == null) {
            return Result.NEUTRAL;
        }
        count();
        String target = expand(redirect, domain);
        // Section 6.1: nothing there is an error.
        Result result = isName(target) ? checkHost(target) : Result.NONE;
        if (result == Result.NONE) {
            throw new PermanentException();
        }
        return result;
    }

    /** Section 4.5. */
    private Optional<String> record(String domain) throws UnansweredException, PermanentException {
        String found = null;
        for (String text : lookups.texts(domain)) {
            boolean spf = text.regionMatches(true, 0, VERSION, 0, VERSION.length())
                    && (text.length() == VERSION.length() || text.charAt(VERSION.length()) == ' ');
            if (spf && (found != null || text.length() > LONGEST_RECORD)) {
                throw new PermanentException();
            }
            found = spf ? text : found;
        }
        return Optional.ofNullable(found);
    }

    private void count() throws PermanentException {
        if (terms-- == 0) {
            throw new PermanentException();
        }
    }

    private <T> List<T> found(List<T> answer) throws PermanentException {
        if (answer.isEmpty() && voids-- == 0) {
            throw new PermanentException();
        }
        return answer;
    }

    private boolean matches(Term term, String domain) throws UnansweredException, PermanentException {
        switch (term.name) {
            case "all":
                return true;
            case "ip4":
            case "ip6":
                return term.network.getClass() == client.getClass()
                        && isIn(client, term.network, client instanceof Inet4Address ? term.prefix4 : term.prefix6);
            case "include":
                return include(target(term, domain));
            case "a":
                return isOneOf(addresses(target(term, domain)), term);
            case "mx":
                return isExchanger(term, target(term, domain));
            case "ptr":
                return isNamed(target(term, domain));
            default:
                // exists, of which IPv4 alone counts (section 5.7).
                String name = target(term, domain);
                return isName(name) && found(lookups.addresses(name)).stream().anyMatch(Inet4Address.class::isInstance);
        }
    }

    /** What a mechanism asks for; it counts as one that asks. */
    private String target(Term term, String domain) throws UnansweredException, PermanentException {
        count();
        return term.domain == null ? domain : expand(term.domain, domain);
    }

    /** Section 5.2. */
    private boolean include(String name) throws UnansweredException, PermanentException {
        Result result = isName(name) ? checkHost(name) : Result.NONE;
        if (result == Result.NONE) {
            throw new PermanentException();
        }
        return result == Result.PASS;
    }

    private List<InetAddress> addresses(String name) throws UnansweredException, PermanentException {
        return isName(name) ? found(lookups.addresses(name)) : List.of();
    }

    private boolean isOneOf(List<InetAddress> addresses, Term term) {
        return addresses.stream()
                .anyMatch(address -> address.getClass() == client.getClass()
                        && isIn(client, address, client instanceof Inet4Address ? term.prefix4 : term.prefix6));
    }

    /** Section 5.4. */
    private boolean isExchanger(Term term, String name) throws UnansweredException, PermanentException {
        if (!isName(name)) {
            return false;
        }
        List<MailExchanger> exchangers = found(lookups.exchangers(name));
        if (exchangers.size() > MOST_NAMES) {
            throw new PermanentException();
        }
        for (MailExchanger exchanger : exchangers) {
            if (isOneOf(addresses(exchanger.host()), term)) {
                return true;
            }
        }
        return false;
    }

    /** Section 5.5. */
    private boolean isNamed(String target) throws UnansweredException, PermanentException {
        String above = DomainNames.comparable(target);
        return validatedNames(above).stream().anyMatch(name -> name.equals(above) || name.endsWith("." + above));
    }

    /** The client's names that lead back to it; what can't be asked is none of them. */
    private List<String> validatedNames(String preferred) throws PermanentException {
        List<String> validated = new ArrayList<>();
        try {
            List<String> names = new ArrayList<>(found(lookups.names(client)));
            for (String name : names.subList(0, Math.min(names.size(), MOST_NAMES))) {
                String plain = DomainNames.comparable(name);
                try {
                    if (isName(plain) && lookups.addresses(plain).contains(client)) {
                        validated.add(plain);
                    }
                } catch (UnansweredException unknown) {
                    // The next one.
                }
            }
        } catch (UnansweredException unknown) {
            return List.of();
        }
        validated.sort((one, other) -> Boolean.compare(other.endsWith(preferred), one.endsWith(preferred)));
        return validated;
    }

    private static boolean isIn(InetAddress address, InetAddress network, int prefix) {
        byte[] one = address.getAddress();
        byte[] other = network.getAddress();
        for (int bit = 0; bit < prefix; bit += 8) {
            int mask = prefix - bit >= 8 ? 0xff : 0xff << (8 - (prefix - bit));
            if (((one[bit / 8] ^ other[bit / 8]) & mask & 0xff) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Section 7. */
    private String expand(String spec, String domain) throws PermanentException {
        Matcher macro = MACRO.matcher(spec);
        StringBuilder expanded = new StringBuilder();
        int end = 0;
        while (macro.find()) {
            expanded.append(spec, end, macro.start());
            end = macro.end();
            if (macro.group(5) != null) {
                expanded.append(
                        macro.group(5).equals("%") ? "%" : macro.group(5).equals("_") ? " " : "%20");
            } else {
                expanded.append(value(macro, domain));
            }
        }
        expanded.append(spec.substring(end));
        String name = expanded.toString();
        int excess = name.length() - DomainNames.LONGEST;
        if (excess > 0) {
            // Section 7.3: labels go from the left until it fits.
            int dot = name.indexOf('.', excess - 1);
            name = dot < 0 ? "" : name.substring(dot + 1);
        }
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private String value(Matcher macro, String domain) throws PermanentException {
        String letter = macro.group(1).toLowerCase(Locale.ROOT);
        String value;
        switch (letter) {
            case "s":
                value = local + "@" + senderDomain;
                break;
            case "l":
                value = local;
                break;
            case "o":
                value = senderDomain;
                break;
            case "d":
                value = domain;
                break;
            case "i":
                value = dotted();
                break;
            case "p":
                value = validatedNames(domain).stream().findFirst().orElse("unknown");
                break;
            case "h":
                value = helo;
                break;
            default:
                value = client instanceof Inet6Address ? "ip6" : "in-addr";
                break;
        }
        String digits = macro.group(2);
        boolean reversed = !macro.group(3).isEmpty();
        String delimiters = macro.group(4);
        if (!digits.isEmpty() && Integer.parseInt(digits) == 0) {
            throw new PermanentException();
        }
        if (!digits.isEmpty() || reversed || !delimiters.isEmpty()) {
            List<String> parts = split(value, delimiters.isEmpty() ? "." : delimiters);
            if (reversed) {
                Collections.reverse(parts);
            }
            int kept = digits.isEmpty() ? parts.size() : Math.min(parts.size(), Integer.parseInt(digits));
            value = String.join(".", parts.subList(parts.size() - kept, parts.size()));
        }
        return Character.isUpperCase(macro.group(1).charAt(0)) ? escaped(value) : value;
    }

    private static List<String> split(String value, String delimiters) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        for (int i = 0; i <= value.length(); i++) {
            if (i == value.length() || delimiters.indexOf(value.charAt(i)) >= 0) {
                parts.add(value.substring(start, i));
                start = i + 1;
            }
        }
        return parts;
    }

    private String dotted() {
        if (client instanceof Inet4Address) {
            return client.getHostAddress();
        }
        StringBuilder nibbles = new StringBuilder();
        for (byte b : client.getAddress()) {
            nibbles.append(nibbles.length() == 0 ? "" : ".")
                    .append(Character.forDigit((b >> 4) & 0xf, 16))
                    .append('.')
                    .append(Character.forDigit(b & 0xf, 16));
        }
        return nibbles.toString();
    }

    private static String escaped(String value) {
        StringBuilder escaped = new StringBuilder();
        for (byte b : value.getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            if (c < 128 && (Character.isLetterOrDigit(c) || URI_UNRESERVED.indexOf(c) >= 0)) {
                escaped.append(c);
            } else {
                escaped.append(String.format("%%%02X", (int) c));
            }
        }
        return escaped.toString();
    }

    /** A mechanism or a modifier (section 4.6.1). */
    private static final class Term {
        private final boolean isMechanism;
        private final String name;
        private Result result;
        private String domain;
        private InetAddress network;
        private int prefix4 = 32;
        private int prefix6 = 128;

        private Term(boolean isMechanism, String name) {
            this.isMechanism = isMechanism;
            this.name = name;
        }

        /** All of them: what is wrong anywhere in the record makes it wrong. */
        static List<Term> parse(String record) throws PermanentException {
            List<Term> all = new ArrayList<>();
            for (String word : record.substring(VERSION.length()).split(" +", -1)) {
                if (!word.isEmpty()) {
                    all.add(term(word));
                }
            }
            return all;
        }

        private static Term term(String word) throws PermanentException {
            Matcher modifier = MODIFIER.matcher(word);
            if (modifier.matches()) {
                Term term = new Term(false, modifier.group(1).toLowerCase(Locale.ROOT));
                term.domain = modifier.group(2);
                if (term.name.equals("redirect") || term.name.equals("exp")) {
                    requireDomain(term.domain);
                } else {
                    requireMacros(term.domain);
                }
                return term;
            }
            boolean qualified = "+-?~".indexOf(word.charAt(0)) >= 0;
            String text = qualified ? word.substring(1) : word;
            int end = 0;
            while (end < text.length() && text.charAt(end) != ':' && text.charAt(end) != '/') {
                end++;
            }
            Term term = new Term(true, text.substring(0, end).toLowerCase(Locale.ROOT));
            term.result = result(qualified ? word.charAt(0) : '+');
            term.read(text.substring(end));
            return term;
        }

        private static Result result(char qualifier) {
            switch (qualifier) {
                case '-':
                    return Result.FAIL;
                case '~':
                    return Result.SOFTFAIL;
                case '?':
                    return Result.NEUTRAL;
                default:
                    return Result.PASS;
            }
        }

        /** @param rest of the mechanism, behind its name */
        private void read(String rest) throws PermanentException {
            String argument = rest.startsWith(":") ? rest.substring(1) : null;
            switch (name) {
                case "all":
                    require(rest.isEmpty());
                    break;
                case "ptr":
                    require(argument != null || rest.isEmpty());
                    domain = argument;
                    break;
                case "include":
                case "exists":
                    require(argument != null);
                    domain = argument;
                    break;
                case "a":
                case "mx":
                    Matcher prefixed = PREFIXED.matcher(rest);
                    require(prefixed.matches());
                    String before = prefixed.group(1);
                    require(before.isEmpty() || before.startsWith(":"));
                    domain = before.isEmpty() ? null : before.substring(1);
                    prefixes(prefixed.group(2));
                    break;
                case "ip4":
                case "ip6":
                    require(argument != null);
                    network(argument);
                    break;
                default:
                    throw new PermanentException();
            }
            if (domain != null) {
                requireDomain(domain);
            }
        }

        private static void require(boolean right) throws PermanentException {
            if (!right) {
                throw new PermanentException();
            }
        }

        private void prefixes(String written) throws PermanentException {
            int six = written.indexOf("//");
            String four = six < 0 ? written : written.substring(0, six);
            if (!four.isEmpty()) {
                prefix4 = prefix(four.substring(1), 32);
            }
            if (six >= 0) {
                prefix6 = prefix(written.substring(six + 2), 128);
            }
        }

        private static int prefix(String digits, int most) throws PermanentException {
            require(digits.matches("0|[1-9][0-9]{0,2}") && Integer.parseInt(digits) <= most);
            return Integer.parseInt(digits);
        }

        private void network(String written) throws PermanentException {
            int slash = written.indexOf('/');
            String literal = slash < 0 ? written : written.substring(0, slash);
            boolean four = name.equals("ip4");
            network = four ? Literals.ip4(literal) : Literals.ip6(literal);
            require(network != null);
            if (slash >= 0) {
                int prefix = prefix(written.substring(slash + 1), four ? 32 : 128);
                prefix4 = four ? prefix : 32;
                prefix6 = four ? 128 : prefix;
            }
        }

        /** Section 7.1: it ends with a top label, or a macro. */
        private static void requireDomain(String spec) throws PermanentException {
            requireMacros(spec);
            require(spec.endsWith("}") || TOP_LABEL.matcher(spec).matches());
        }

        private static void requireMacros(String text) throws PermanentException {
            String rest = MACRO.matcher(text).replaceAll("");
            require(rest.indexOf('%') < 0 && rest.chars().allMatch(c -> c > ' ' && c < 127));
        }
    }
}
