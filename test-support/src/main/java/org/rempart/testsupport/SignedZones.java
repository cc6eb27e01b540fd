/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.xbill.DNS.CNAMERecord;
import org.xbill.DNS.DClass;
import org.xbill.DNS.DNSKEYRecord;
import org.xbill.DNS.DNSSEC;
import org.xbill.DNS.DSRecord;
import org.xbill.DNS.ExtendedFlags;
import org.xbill.DNS.Flags;
import org.xbill.DNS.Header;
import org.xbill.DNS.Message;
import org.xbill.DNS.NSEC3PARAMRecord;
import org.xbill.DNS.NSEC3Record;
import org.xbill.DNS.NSECRecord;
import org.xbill.DNS.NSRecord;
import org.xbill.DNS.Name;
import org.xbill.DNS.OPTRecord;
import org.xbill.DNS.RRSIGRecord;
import org.xbill.DNS.RRset;
import org.xbill.DNS.Rcode;
import org.xbill.DNS.Record;
import org.xbill.DNS.SOARecord;
import org.xbill.DNS.Section;
import org.xbill.DNS.TextParseException;
import org.xbill.DNS.Type;

/**
 * A recursive resolver on loopback whose whole DNS, from the root on, is a few zones, signed here or not (RFC 4035), with
 * denials by NSEC or NSEC3. It validates nothing unless it is told to {@link #claimValidation say so}.
 *
 * <pre>{@code
 * try (SignedZones dns = SignedZones.start()) {
 *     dns.zone("example.", Signing.NSEC).zone("plain.", Signing.DELEGATED_UNSIGNED);
 *     dns.add("mx.example. A 192.0.2.1").add("_25._tcp.mx.example. TLSA 3 1 1 00…");
 *     validator.loadTrustAnchors(dns.anchor());
 * }
 * }</pre>
 */
public final class SignedZones implements AutoCloseable {
    private static final long TTL = 300;
    private static final int LARGEST = 65_535;
    private static final int ALIASES = 12;
    /** Says how names are hashed: once, without a salt. */
    private static final NSEC3Record PARAMETERS = new NSEC3Record(
            Name.root, DClass.IN, TTL, NSEC3Record.SHA1_DIGEST_ID, 0, 0, new byte[0], new byte[20], new int[0]);

    private static final int ECDSA_P256 = DNSSEC.Algorithm.ECDSAP256SHA256;

    /** How a zone is signed. */
    public enum Signing {
        /** With denials by NSEC (RFC 4034). */
        NSEC,
        /** With denials by NSEC3 (RFC 5155). */
        NSEC3,
        /** Not; the parent says so. */
        DELEGATED_UNSIGNED,
        /** By keys that the parent's DS record does not name. */
        WRONG_KEY
    }

    /** What is wrong with the signature of a record set. */
    public enum Fault {
        EXPIRED,
        FUTURE,
        FORGED,
        MISSING,
        /** The resolver answers SERVFAIL. */
        SERVFAIL,
        /** The resolver does not answer. */
        SILENCE
    }

    private final Map<Name, Zone> zones = new TreeMap<>();
    private final Map<String, Fault> faults = new ConcurrentHashMap<>();
    private DnsServer server;
    private volatile boolean validating;

    private static final class Zone {
        private final Name apex;
        private final Signing signing;
        private final KeyPair keys;
        private final DNSKEYRecord key;
        private final Map<Name, List<Record>> records = new TreeMap<>();

        Zone(Name apex, Signing signing) {
            this.apex = apex;
            this.signing = signing;
            try {
                KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
                generator.initialize(new ECGenParameterSpec("secp256r1"));
                this.keys = generator.generateKeyPair();
                this.key = new DNSKEYRecord(
                        apex, DClass.IN, TTL, 0x101, DNSKEYRecord.Protocol.DNSSEC, ECDSA_P256, keys.getPublic());
            } catch (GeneralSecurityException | DNSSEC.DNSSECException impossible) {
                throw new IllegalStateException(impossible);
            }
            Name host = concatenate("ns.invalid", Name.root);
            add(new SOARecord(apex, DClass.IN, TTL, host, host, 1, 60, 60, 60, TTL));
            add(new NSRecord(apex, DClass.IN, TTL, host));
            if (isSigned()) {
                add(key);
            }
            if (signing == Signing.NSEC3) {
                add(new NSEC3PARAMRecord(apex, DClass.IN, TTL, NSEC3Record.SHA1_DIGEST_ID, 0, 0, new byte[0]));
            }
        }

        boolean isSigned() {
            return signing != Signing.DELEGATED_UNSIGNED;
        }

        void add(Record record) {
            records.computeIfAbsent(record.getName(), fresh -> new ArrayList<>())
                    .add(record);
        }

        List<Record> find(Name name, int type) {
            return records.getOrDefault(name, List.of()).stream()
                    .filter(record -> record.getType() == type)
                    .toList();
        }

        boolean exists(Name name) {
            return records.keySet().stream().anyMatch(known -> known.subdomain(name));
        }
    }

    private SignedZones() {
        zones.put(Name.root, new Zone(Name.root, Signing.NSEC));
    }

    /** Serves on loopback with a signed root and nothing below it. */
    public static SignedZones start() throws IOException {
        SignedZones zones = new SignedZones();
        zones.server = DnsServer.start(InetAddress.getLoopbackAddress(), zones::answer);
        return zones;
    }

    /** Where it serves, by UDP and TCP. */
    public InetSocketAddress address() {
        return server.address();
    }

    /** Every question so far, as {@code partner.example. MX}, the oldest first. */
    public List<String> questions() {
        return server.questions();
    }

    /** The root's key, as a line of a zone file. */
    public String anchor() {
        return new DSRecord(Name.root, DClass.IN, TTL, DNSSEC.Digest.SHA256, zones.get(Name.root).key) + "\n";
    }

    /** Makes a zone; its parent must be there. */
    public synchronized SignedZones zone(String apex, Signing signing) {
        Name name = name(apex);
        Zone zone = new Zone(name, signing);
        Zone parent = enclosing(new Name(name, 1));
        parent.add(new NSRecord(name, DClass.IN, TTL, concatenate("ns.invalid", Name.root)));
        if (zone.isSigned()) {
            DNSKEYRecord named = signing == Signing.WRONG_KEY ? new Zone(name, signing).key : zone.key;
            parent.add(new DSRecord(name, DClass.IN, TTL, DNSSEC.Digest.SHA256, named));
        }
        zones.put(name, zone);
        return this;
    }

    /** Adds a record to the zone that it belongs into: {@code mx.example. A 192.0.2.1}. */
    public synchronized SignedZones add(String line) {
        String[] parts = line.strip().split("\\s+", 3);
        Name owner = name(parts[0]);
        try {
            enclosing(owner).add(Record.fromString(owner, Type.value(parts[1]), DClass.IN, TTL, parts[2], Name.root));
        } catch (IOException fault) {
            throw new IllegalArgumentException(line, fault);
        }
        return this;
    }

    /** Forgets the records of a name that are of a type. */
    public synchronized SignedZones remove(String owner, String type) {
        Name name = name(owner);
        Zone zone = enclosing(name);
        List<Record> left = zone.records.getOrDefault(name, new ArrayList<>());
        left.removeIf(record -> record.getType() == Type.value(type));
        if (left.isEmpty()) {
            zone.records.remove(name);
        }
        return this;
    }

    /** From now on something is wrong with the records of this name and type, denials of them included. */
    public SignedZones fault(String owner, String type, Fault fault) {
        faults.put(name(owner) + " " + type, fault);
        return this;
    }

    /** From now on answers have the AD bit where all zones that they come from are signed, and SERVFAIL where a fault is. */
    public SignedZones claimValidation() {
        validating = true;
        return this;
    }

    private static Name name(String text) {
        return concatenate(text, Name.root);
    }

    private static Name concatenate(String text, Name origin) {
        try {
            return Name.fromString(text, origin).canonicalize();
        } catch (TextParseException fault) {
            throw new IllegalArgumentException(text, fault);
        }
    }

    private Zone enclosing(Name name) {
        for (int cut = 0; cut < name.labels(); cut++) {
            Zone zone = zones.get(new Name(name, cut));
            if (zone != null) {
                return zone;
            }
        }
        return zones.get(Name.root);
    }

    private synchronized Message answer(Message question) {
        Record asked = question.getQuestion();
        Message answer = new Message(question.getHeader().getID());
        Header header = answer.getHeader();
        header.setFlag(Flags.QR);
        header.setFlag(Flags.RA);
        if (question.getHeader().getFlag(Flags.RD)) {
            header.setFlag(Flags.RD);
        }
        boolean dnssec = false;
        if (question.getOPT() != null) {
            dnssec = (question.getOPT().getFlags() & ExtendedFlags.DO) != 0;
            answer.addRecord(
                    new OPTRecord(LARGEST, Rcode.NOERROR, 0, dnssec ? ExtendedFlags.DO : 0), Section.ADDITIONAL);
        }
        answer.addRecord(asked, Section.QUESTION);
        Filling filling = new Filling(answer, dnssec);
        filling.fill(asked.getName().canonicalize(), asked.getType());
        if (filling.fault == Fault.SILENCE) {
            return null;
        }
        if (filling.fault == Fault.SERVFAIL || (validating && filling.fault != null)) {
            answer.removeAllRecords(Section.ANSWER);
            answer.removeAllRecords(Section.AUTHORITY);
            header.setRcode(Rcode.SERVFAIL);
        } else if (validating && filling.secure) {
            header.setFlag(Flags.AD);
        }
        return answer;
    }

    /** One answer on its way. */
    private final class Filling {
        private final Message answer;
        private final boolean dnssec;
        private boolean secure = true;
        private Fault fault;

        Filling(Message answer, boolean dnssec) {
            this.answer = answer;
            this.dnssec = dnssec;
        }

        void fill(Name asked, int type) {
            Name name = asked;
            for (int aliases = 0; aliases < ALIASES; aliases++) {
                Zone zone = zone(name, type);
                secure &= isSecure(zone);
                if (zone.signing == Signing.WRONG_KEY) {
                    fault = validating ? Fault.FORGED : fault;
                }
                List<Record> found = zone.find(name, type);
                if (!found.isEmpty()) {
                    put(zone, found, Section.ANSWER, type);
                    return;
                }
                List<Record> alias = zone.find(name, Type.CNAME);
                if (alias.isEmpty()) {
                    deny(zone, name, type);
                    return;
                }
                put(zone, alias, Section.ANSWER, Type.CNAME);
                name = ((CNAMERecord) alias.get(0)).getTarget().canonicalize();
            }
        }

        /** The DS record of a zone is its parent's. */
        private Zone zone(Name name, int type) {
            return type == Type.DS && name.labels() > 1 ? enclosing(new Name(name, 1)) : enclosing(name);
        }

        private boolean isSecure(Zone zone) {
            for (Zone each = zone; ; each = enclosing(new Name(each.apex, 1))) {
                if (!each.isSigned()) {
                    return false;
                }
                if (each.apex.equals(Name.root)) {
                    return true;
                }
            }
        }

        private void put(Zone zone, List<Record> records, int section, int type) {
            records.forEach(record -> answer.addRecord(record, section));
            sign(zone, records, section, type);
        }

        private void sign(Zone zone, Collection<Record> records, int section, int type) {
            Record first = records.iterator().next();
            Fault wrong = faults.get(first.getName() + " " + Type.string(type));
            fault = wrong == null ? fault : wrong;
            if (!dnssec || !zone.isSigned() || wrong == Fault.MISSING) {
                return;
            }
            RRset set = new RRset();
            records.forEach(set::addRR);
            Instant now = Instant.now();
            Instant from = wrong == Fault.FUTURE ? now.plus(Duration.ofDays(5)) : now.minus(Duration.ofDays(10));
            Instant until = wrong == Fault.EXPIRED ? now.minus(Duration.ofDays(5)) : now.plus(Duration.ofDays(10));
            try {
                RRSIGRecord signature = DNSSEC.sign(set, zone.key, zone.keys.getPrivate(), from, until);
                answer.addRecord(wrong == Fault.FORGED ? forged(signature) : signature, section);
            } catch (DNSSEC.DNSSECException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private static RRSIGRecord forged(RRSIGRecord signature) {
            byte[] bytes = signature.getSignature().clone();
            bytes[10] ^= 1;
            return new RRSIGRecord(
                    signature.getName(),
                    signature.getDClass(),
                    signature.getTTL(),
                    signature.getTypeCovered(),
                    signature.getAlgorithm(),
                    signature.getOrigTTL(),
                    signature.getExpire(),
                    signature.getTimeSigned(),
                    signature.getFootprint(),
                    signature.getSigner(),
                    bytes);
        }

        private void deny(Zone zone, Name name, int type) {
            boolean exists = zone.exists(name);
            if (!exists) {
                answer.getHeader().setRcode(Rcode.NXDOMAIN);
            }
            Fault wrong = faults.get(name + " " + Type.string(type));
            fault = wrong == null ? fault : wrong;
            put(zone, zone.find(zone.apex, Type.SOA), Section.AUTHORITY, Type.SOA);
            if (!dnssec || !zone.isSigned() || wrong == Fault.MISSING) {
                return;
            }
            Set<Record> proofs = zone.signing == Signing.NSEC3 ? nsec3(zone, name, exists) : nsec(zone, name, exists);
            for (Record proof : proofs) {
                if (wrong != null) {
                    faults.put(proof.getName() + " " + Type.string(proof.getType()), wrong);
                }
                put(zone, List.of(proof), Section.AUTHORITY, proof.getType());
                if (wrong != null) {
                    faults.remove(proof.getName() + " " + Type.string(proof.getType()));
                }
            }
        }

        private Set<Record> nsec(Zone zone, Name name, boolean exists) {
            Set<Record> proofs = new TreeSet<>();
            proofs.add(covering(zone, name));
            if (!exists) {
                proofs.add(covering(zone, concatenate("*", encloser(zone, name))));
            }
            return proofs;
        }

        /** The record of the last name of the zone that is not behind this one. */
        private NSECRecord covering(Zone zone, Name name) {
            List<Name> names = new ArrayList<>(zone.records.keySet());
            int at = names.size() - 1;
            while (at > 0 && names.get(at).compareTo(name) > 0) {
                at--;
            }
            Name next = at + 1 < names.size() ? names.get(at + 1) : zone.apex;
            return new NSECRecord(
                    names.get(at), DClass.IN, TTL, next, types(zone, names.get(at), Type.NSEC, Type.RRSIG));
        }

        private int[] types(Zone zone, Name name, int... more) {
            Set<Integer> types = new TreeSet<>();
            zone.records.getOrDefault(name, List.of()).forEach(record -> types.add(record.getType()));
            for (int type : more) {
                types.add(type);
            }
            return types.stream().mapToInt(Integer::intValue).toArray();
        }

        private Name encloser(Zone zone, Name name) {
            Name encloser = name;
            while (!zone.exists(encloser)) {
                encloser = new Name(encloser, 1);
            }
            return encloser;
        }

        private Set<Record> nsec3(Zone zone, Name name, boolean exists) {
            Set<Record> proofs = new TreeSet<>();
            if (exists) {
                proofs.add(hashed(zone, name));
            } else {
                Name encloser = encloser(zone, name);
                proofs.add(hashed(zone, encloser));
                proofs.add(hashed(zone, new Name(name, name.labels() - encloser.labels() - 1)));
                proofs.add(hashed(zone, concatenate("*", encloser)));
            }
            return proofs;
        }

        /** The record that matches a name's hash, or else covers it. */
        private NSEC3Record hashed(Zone zone, Name name) {
            Map<String, Name> hashes = new TreeMap<>();
            for (Name known : zone.records.keySet()) {
                for (Name each = known; each.subdomain(zone.apex); each = new Name(each, 1)) {
                    hashes.put(hex(hash(each)), each);
                    if (each.equals(zone.apex)) {
                        break;
                    }
                }
            }
            List<Map.Entry<String, Name>> ring = new ArrayList<>(hashes.entrySet());
            String wanted = hex(hash(name));
            int at = ring.size() - 1;
            for (int i = 0; i < ring.size() && ring.get(i).getKey().compareTo(wanted) <= 0; i++) {
                at = i;
            }
            if (ring.get(0).getKey().compareTo(wanted) > 0) {
                at = ring.size() - 1;
            }
            Name owner = ring.get(at).getValue();
            Name next = ring.get((at + 1) % ring.size()).getValue();
            String label = new org.xbill.DNS.utils.base32("0123456789ABCDEFGHIJKLMNOPQRSTUV=", false, false)
                    .toString(hash(owner));
            boolean more = zone.records.containsKey(owner);
            return new NSEC3Record(
                    concatenate(label, zone.apex),
                    DClass.IN,
                    TTL,
                    NSEC3Record.SHA1_DIGEST_ID,
                    0,
                    0,
                    new byte[0],
                    hash(next),
                    more ? types(zone, owner, Type.RRSIG) : new int[0]);
        }

        private static byte[] hash(Name name) {
            try {
                return PARAMETERS.hashName(name);
            } catch (GeneralSecurityException impossible) {
                throw new IllegalStateException(impossible);
            }
        }

        private static String hex(byte[] bytes) {
            return java.util.HexFormat.of().formatHex(bytes);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
