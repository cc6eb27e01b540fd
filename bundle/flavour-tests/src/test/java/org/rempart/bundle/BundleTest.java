/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.jar.Attributes;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What administrators drop into {@code extensions-jars/}: complete, of one flavour, and nothing of James within. */
class BundleTest {
    private static final int JAVA_11 = 55;

    /** What James itself brings, in both versions, besides mail and injection. */
    private static final List<String> OF_JAMES = List.of(
            // Its log.
            "ch/qos/logback/",
            "org/apache/james/",
            "org/apache/mailet/",
            "org/apache/commons/configuration2/",
            "org/xbill/DNS/",
            "com/google/common/",
            "com/google/inject/",
            "org/slf4j/",
            "reactor/",
            "org/reactivestreams/",
            "io/netty/");

    /** What libraries name and do without. HttpComponents asks for nothing that comes compressed, Lettuce measures nothing. */
    private static final List<String> OPTIONAL = List.of(
            "org/apache/commons/compress/compressors/",
            "com/aayushatharva/brotli4j/",
            "org/HdrHistogram/",
            "org/LatencyUtils/",
            // Annotations, which a JVM that does not find them passes over.
            "org/jspecify/annotations/",
            "com/google/errorprone/annotations/",
            "org/jetbrains/annotations/");

    private static final List<String> MOVED_TO_JAKARTA = List.of("mail/", "inject/", "activation/");

    static Stream<Bundle> bundles() {
        return Stream.of(Bundle.javax(), Bundle.jakarta());
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void holdsOurPackagesAndMetaInfOnly(Bundle bundle) {
        assertThat(bundle.entries().keySet())
                .isNotEmpty()
                .allMatch(path ->
                        path.startsWith("org/rempart/") || (path.startsWith("META-INF/") && !path.endsWith(".class")));
        assertThat(bundle.entries().keySet())
                .contains(
                        "org/rempart/policy/file/Policy.class",
                        "org/rempart/message/HeaderBlock.class",
                        "org/rempart/matcher/RelayDenied.class",
                        "org/rempart/mailet/StripHeaders.class",
                        "org/rempart/smtp/RelayHook.class",
                        "org/rempart/harden/conf/mailetcontainer.xml",
                        "org/rempart/shaded/ipaddr/IPAddressString.class",
                        "org/rempart/shaded/jackson/JsonFactory.class",
                        "org/rempart/shaded/icu/text/IDNA.class",
                        "org/rempart/shaded/icu/impl/data/icudata/uts46.nrm",
                        "org/rempart/shaded/icu/impl/data/icudata/confusables.cfu",
                        "org/rempart/shaded/codec/binary/Base32.class",
                        "org/rempart/shaded/caffeine/cache/Caffeine.class",
                        "org/rempart/shaded/siv/SivMode.class",
                        "org/rempart/shared/submit.lua",
                        "org/rempart/shaded/lettuce/core/RedisClient.class",
                        "META-INF/services/org.rempart.policy.ledger.SharedState$Source",
                        "org/rempart/shaded/hc/client5/http/classic/methods/HttpGet.class",
                        "org/rempart/shaded/publicsuffix/list/effective_tld_names.dat");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void isCompleteAndNeedsNothingButTheJdkAndJames(Bundle bundle) {
        String moved = bundle.flavour().equals("3.8") ? "javax/" : "jakarta/";
        Predicate<String> known = name -> name.startsWith("org/rempart/")
                ? bundle.entries().containsKey(name + ".class")
                : isOfTheJdk(name)
                        || OF_JAMES.stream().anyMatch(name::startsWith)
                        || OPTIONAL.stream().anyMatch(name::startsWith)
                        || MOVED_TO_JAKARTA.stream().anyMatch(part -> name.startsWith(moved + part));

        Map<String, Set<String>> unknown = new TreeMap<>();
        bundle.classes().forEach((path, constants) -> {
            Set<String> names = new TreeSet<>(constants.classNames());
            names.removeIf(known);
            if (!names.isEmpty()) {
                unknown.put(path, names);
            }
        });

        assertThat(unknown).as("classes that %s names and nobody has", bundle).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void namesNoBundledLibraryByItsFormerName(Bundle bundle) {
        assertThat(textsWith(
                        bundle,
                        "inet/ipaddr",
                        "inet.ipaddr",
                        "com/fasterxml/",
                        "com.fasterxml.",
                        "com/ibm/",
                        "com.ibm.icu",
                        "org/apache/commons/codec",
                        "com/github/benmanes",
                        "org/cryptomator",
                        "io/lettuce/core",
                        "io.lettuce.core",
                        "org/apache/hc/",
                        "org.apache.hc.",
                        "org/publicsuffix/"))
                .isEmpty();
    }

    @Test
    void namesNothingOfJakartaForJames38() {
        assertThat(textsWith(Bundle.javax(), "jakarta/", "jakarta.")).isEmpty();
    }

    @Test
    void namesNothingThatMovedToJakartaForJames39() {
        assertThat(textsWith(
                        Bundle.jakarta(),
                        "javax/mail",
                        "javax.mail",
                        "javax/inject",
                        "javax.inject",
                        "javax/activation",
                        "javax.activation",
                        "javax/annotation/P",
                        "javax.annotation.P",
                        "com/sun/mail",
                        "com.sun.mail"))
                .isEmpty();
    }

    @Test
    void relocationLeavesTheJdksOwnJavaxPackagesAlone() {
        assertThat(textsWith(Bundle.jakarta(), "jakarta/net", "jakarta/xml", "jakarta/security"))
                .isEmpty();
        assertThat(textsWith(Bundle.jakarta(), "javax/net/ssl/SSLSession")).isNotEmpty();
        assertThat(textsWith(Bundle.jakarta(), "javax/xml/stream/")).isNotEmpty();
    }

    @Test
    void bothHoldTheSameClasses() {
        assertThat(Bundle.jakarta().entries().keySet())
                .isEqualTo(Bundle.javax().entries().keySet());
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void runsOnJava11(Bundle bundle) {
        bundle.classes()
                .forEach((path, constants) -> assertThat(constants.majorVersion())
                        .as("class file version of %s", path)
                        .isLessThanOrEqualTo(JAVA_11));
        assertThat(bundle.classes().get("org/rempart/policy/file/Policy.class").majorVersion())
                .isEqualTo(JAVA_11);
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void saysInItsManifestWhatItIs(Bundle bundle) {
        Attributes attributes = bundle.manifest().getMainAttributes();
        assertThat(attributes.getValue("Implementation-Title")).isEqualTo("Rempart");
        assertThat(attributes.getValue("Implementation-Version")).isEqualTo(System.getProperty("bundle.version"));
        assertThat(attributes.getValue("Rempart-James")).isEqualTo(bundle.flavour());
        assertThat(attributes.getValue("Main-Class")).isEqualTo("org.rempart.harden.cli.Main");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void carriesItsLicencesAndThoseOfWhatItBundles(Bundle bundle) {
        assertThat(text(bundle, "META-INF/LICENSE")).contains("Apache License");
        assertThat(text(bundle, "META-INF/NOTICE"))
                .contains(
                        "Rempart",
                        "Jackson",
                        "IPAddress",
                        "ICU4J",
                        "HttpComponents",
                        "Caffeine",
                        "Lettuce",
                        "Bouncy Castle");
        assertThat(text(bundle, "META-INF/licenses/jackson-core-LICENSE")).contains("Apache License");
        assertThat(text(bundle, "META-INF/licenses/jackson-core-NOTICE")).contains("Jackson");
        assertThat(text(bundle, "META-INF/licenses/ICU4J-LICENSE"))
                .contains("UNICODE LICENSE V3", "SPDX-License-Identifier: Unicode-3.0", "ICU 1.8.1 to ICU 57.1");
        assertThat(text(bundle, "META-INF/licenses/lettuce-LICENSE")).contains("MIT License", "Redis Ltd.");
        assertThat(text(bundle, "META-INF/licenses/siv-mode-LICENSE")).contains("The MIT License", "Legion");
        assertThat(text(bundle, "META-INF/licenses/Schubfach-LICENSE")).contains("Raffaello Giulietti");
        assertThat(text(bundle, "META-INF/licenses/FastDoubleParser-LICENSE")).contains("MIT License");
    }

    @ParameterizedTest
    @MethodSource("bundles")
    void isOfReasonableSize(Bundle bundle) throws IOException {
        // The libraries are 7 MB, of which ICU, cut down to what names of domains need, is one; all of it would be
        // 15. Lettuce is two.
        assertThat(bundle.size()).isBetween(1_000_000L, 8_500_000L);
    }

    private static String text(Bundle bundle, String path) {
        assertThat(bundle.entries()).containsKey(path);
        return new String(bundle.entries().get(path), StandardCharsets.UTF_8);
    }

    /** Class file to those of its texts that hold one of the parts. */
    private static Map<String, Set<String>> textsWith(Bundle bundle, String... parts) {
        Map<String, Set<String>> found = new TreeMap<>();
        bundle.classes().forEach((path, constants) -> {
            Set<String> texts = new TreeSet<>(constants.texts());
            texts.removeIf(text -> Stream.of(parts).noneMatch(text::contains));
            if (!texts.isEmpty()) {
                found.put(path, texts);
            }
        });
        return found;
    }

    private static boolean isOfTheJdk(String internalName) {
        return ClassLoader.getPlatformClassLoader().getResource(internalName + ".class") != null;
    }
}
