/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.rempart.harden.text.Draft;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnifiedDiff;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;
import org.rempart.harden.xml.XmlElement;
import org.rempart.harden.xml.XmlNode;

@Label("Whatever a configuration has of its owner's")
class HardenPropertiesTest {
    private static final List<String> OWN = List.of(
            "<mailet match=\"All\" class=\"com.acme.Own%d\"/>",
            "<mailet match=\"com.acme.Mine=a,b\" class=\"com.acme.Own%d\">\n<a>${env:OWN%<d}</a>\n</mailet>",
            "<mailet match='HostIs=own%d.example' class=\"ToRepository\"><repositoryPath>own://%<d/</repositoryPath></mailet>",
            "<!-- own %d: <mailet match=\"All\" class=\"RemoteDelivery\"/> -->",
            "<!-- \u00fc\u00df own %d\n  second line -->",
            "<mailet match=\"SenderIs=own%d@a.example\" class=\"ClamAVScan\"><![CDATA[ <x> ]]></mailet>",
            "<matcher name=\"own%d\" match=\"org.apache.james.mailetcontainer.impl.matchers.And\"><matcher match=\"All\"/></matcher>");

    private static final List<String> OWN_HANDLERS = List.of(
            "<handler class=\"com.acme.Handler%d\"/>",
            "<handler class=\"org.apache.james.smtpserver.fastfail.DNSRBLHandler\"><own>%d</own></handler>",
            "<!-- own handler %d -->");

    @Property(tries = 300)
    void isThereAfterwardsInItsOrderAndHardenDoesNothingTwice(
            @ForAll long seed,
            @ForAll @IntRange(min = 0, max = 8) int count,
            @ForAll boolean dos,
            @ForAll boolean oneLine)
            throws Exception {
        Random random = new Random(seed);
        List<Path> samples = new ArrayList<>(Samples.ofJames());
        samples.add(Samples.stock());
        Map<String, byte[]> files = Samples.read(samples.get(random.nextInt(samples.size())));
        List<String> own = new ArrayList<>();
        inject(files, "mailetcontainer.xml", "processor", OWN, count, random, own, oneLine);
        inject(files, "smtpserver.xml", "handlerchain", OWN_HANDLERS, count, random, own, oneLine);
        if (dos) {
            files.replaceAll((name, bytes) -> latin(text(bytes).replace("\n", "\r\n")));
            own.replaceAll(piece -> piece.replace("\n", "\r\n"));
        }

        Map<String, byte[]> hardened = Samples.hardened(files);

        String all = text(hardened.get("mailetcontainer.xml")) + text(hardened.get("smtpserver.xml"));
        assertThat(own).filteredOn(piece -> !all.contains(piece)).isEmpty();
        assertThat(inOrder(hardened, own)).isEqualTo(inOrder(files, own));
        assertThat(comments(hardened)).containsAll(comments(files));
        if (dos) {
            files.keySet()
                    .forEach(name -> assertThat(text(hardened.get(name)).replace("\r\n", ""))
                            .as(name)
                            .doesNotContain("\n"));
        }
        assertThat(Samples.drafts(hardened).stream().filter(Draft::changes).map(UnifiedDiff::of))
                .isEmpty();
    }

    @Property(tries = 500)
    @Label("in any order, with parts missing or twice, is hardened once, and well-formed")
    void inAnyOrder(@ForAll long seed, @ForAll @IntRange(min = 1, max = 6) int count) throws Exception {
        Random random = new Random(seed);
        List<Path> samples = new ArrayList<>(Samples.ofJames());
        samples.add(Samples.stock());
        Map<String, byte[]> files = Samples.read(samples.get(random.nextInt(samples.size())));
        for (int i = 0; i < count; i++) {
            files.computeIfPresent("mailetcontainer.xml", (name, bytes) -> mixed(name, bytes, "mailet", random));
            files.computeIfPresent("smtpserver.xml", (name, bytes) -> mixed(name, bytes, "smtpserver", random));
        }

        Map<String, byte[]> hardened = Samples.hardened(files);

        for (String file : List.of("mailetcontainer.xml", "smtpserver.xml")) {
            XmlDocument.parse(SourceText.of(file, hardened.get(file)));
        }
        assertThat(Samples.drafts(hardened).stream().filter(Draft::changes).map(UnifiedDiff::of))
                .isEmpty();
    }

    /** With one element gone, there twice, or moved. */
    private static byte[] mixed(String file, byte[] bytes, String name, Random random) {
        try {
            SourceText source = SourceText.of(file, bytes);
            List<XmlElement> all = XmlDocument.parse(source).root().all(name);
            XmlElement one = all.get(random.nextInt(all.size()));
            XmlElement other = all.get(random.nextInt(all.size()));
            String text = source.text().substring(one.start(), one.end());
            StringBuilder now = new StringBuilder(source.text());
            int what = random.nextInt(3);
            if (what == 0 && all.size() > 2) {
                now.delete(one.start(), one.end());
            } else if (what == 1) {
                now.insert(other.end(), "\n" + text);
            } else if (other.start() > one.end()) {
                now.insert(other.end(), "\n" + text).delete(one.start(), one.end());
            } else if (other != one) {
                now.delete(one.start(), one.end()).insert(other.end(), "\n" + text);
            }
            return latin(now.toString());
        } catch (UnreadableException fault) {
            throw new IllegalStateException(fault);
        }
    }

    private static void inject(
            Map<String, byte[]> files,
            String file,
            String parent,
            List<String> pieces,
            int count,
            Random random,
            List<String> own,
            boolean oneLine)
            throws Exception {
        for (int i = 0; i < count; i++) {
            SourceText source = SourceText.of(file, files.get(file));
            List<Integer> gaps = new ArrayList<>();
            for (XmlElement element : XmlDocument.parse(source).root().all(parent)) {
                if (element.children().isEmpty() && parent.equals("processor")) {
                    // The parameter of a ToProcessor, which has the same name.
                    continue;
                }
                gaps.add(element.openEnd());
                element.nodes().stream().map(XmlNode::end).forEach(gaps::add);
            }
            int gap = gaps.get(random.nextInt(gaps.size()));
            String piece = text(String.format(pieces.get(random.nextInt(pieces.size())), 1000 + own.size())
                    .getBytes(StandardCharsets.UTF_8));
            own.add(piece);
            String between = oneLine ? " " : "\n        ";
            files.put(
                    file,
                    latin(source.text().substring(0, gap)
                            + between
                            + piece
                            + source.text().substring(gap)));
        }
    }

    private static List<String> inOrder(Map<String, byte[]> files, List<String> own) {
        String text = text(files.get("mailetcontainer.xml")) + text(files.get("smtpserver.xml"));
        return own.stream().sorted(Comparator.comparingInt(text::indexOf)).collect(Collectors.toList());
    }

    private static List<String> comments(Map<String, byte[]> files) throws IOException {
        List<String> comments = new ArrayList<>();
        for (byte[] bytes : files.values()) {
            String text = text(bytes);
            for (int at = text.indexOf("<!--"); at >= 0; at = text.indexOf("<!--", at + 1)) {
                comments.add(text.substring(at, text.indexOf("-->", at)));
            }
        }
        return comments;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
