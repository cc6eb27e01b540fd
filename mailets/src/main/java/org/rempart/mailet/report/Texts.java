/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.mailet.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.james.filesystem.api.FileSystem;

/** The words of a report in one language: our own, and what the administrator's file has in their place. */
public final class Texts {
    private static final Pattern PLACE = Pattern.compile("\\{([a-z]*)}");
    private static final Set<String> PLACES =
            Set.of("subject", "date", "host", "postmaster", "recipients", "reply", "peer", "until");
    private static final String BASE = "en";

    private final String language;
    private final Properties texts;

    private Texts(String language, Properties texts) {
        this.language = language;
        this.texts = texts;
    }

    /**
     * The words of a language.
     *
     * @param language its tag, in lower case: {@code en}, {@code de}, {@code fr}, or any that the folder has a file of
     * @param folder the URL of the administrator's folder, with files such as {@code de.properties} in UTF-8; null: none
     * @throws IOException when there are no such words, or they can't be used, with a message for the administrator
     */
    public static Texts read(String language, String folder, FileSystem files) throws IOException {
        Properties base = new Properties();
        load(base, Texts.class.getResourceAsStream(BASE + ".properties"));
        Properties own = new Properties(base);
        boolean known = language.equals(BASE);
        try (InputStream in = Texts.class.getResourceAsStream(language + ".properties")) {
            if (in != null) {
                load(own, in);
                known = true;
            }
        }
        if (folder != null) {
            String url = (folder.endsWith("/") ? folder : folder + "/") + language + ".properties";
            known |= addFile(own, base, url, files);
        }
        if (!known) {
            throw new IOException(
                    "there are no texts in the language \"" + language + "\"; write one of de, en, fr, or "
                            + "name the folder that has " + language + ".properties in <texts>");
        }
        return new Texts(language, own);
    }

    private static boolean addFile(Properties own, Properties base, String url, FileSystem files) throws IOException {
        Properties given = new Properties();
        try (InputStream in = files.getResource(url)) {
            load(given, in);
        } catch (CharacterCodingException | IllegalArgumentException unreadable) {
            throw new IOException(url + " is no file of texts in UTF-8: " + unreadable.getMessage(), unreadable);
        } catch (IOException absent) {
            return false;
        }
        for (String name : new TreeSet<>(given.stringPropertyNames())) {
            if (base.getProperty(name) == null) {
                throw new IOException(url + " has an unknown text " + name + "; the names are those of our own " + BASE
                        + ".properties");
            }
            Matcher place = PLACE.matcher(given.getProperty(name));
            while (place.find()) {
                if (!PLACES.contains(place.group(1))) {
                    throw new IOException(url + ": " + name + " has the unknown word " + place.group()
                            + "; write one of {" + String.join("}, {", new TreeSet<>(PLACES)) + "}");
                }
            }
            own.setProperty(name, given.getProperty(name));
        }
        return true;
    }

    private static void load(Properties texts, InputStream in) throws IOException {
        try (Reader reader = new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder())) {
            texts.load(reader);
        }
    }

    /** Its tag, for Content-Language. */
    String language() {
        return language;
    }

    /**
     * A text.
     *
     * @param words by the words in braces
     */
    String of(String name, Map<String, String> words) {
        return PLACE.matcher(texts.getProperty(name))
                .replaceAll(place -> Matcher.quoteReplacement(words.getOrDefault(place.group(1), "")));
    }
}
