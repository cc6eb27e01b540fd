/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.harden.plan;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.rempart.harden.text.SourceText;
import org.rempart.harden.text.UnreadableException;
import org.rempart.harden.xml.XmlDocument;

/** The files of a configuration folder, by their names. */
public final class Configuration {
    private final Map<String, SourceText> files = new TreeMap<>();

    public Configuration(Map<String, byte[]> files) {
        files.forEach((name, bytes) -> this.files.put(name, SourceText.of(name, bytes)));
    }

    public Optional<SourceText> file(String name) {
        return Optional.ofNullable(files.get(name));
    }

    /**
     * A file as XML, if it is there.
     *
     * @throws UnreadableException when it is not well-formed
     */
    public Optional<XmlDocument> xml(String name) throws UnreadableException {
        SourceText source = files.get(name);
        return source == null ? Optional.empty() : Optional.of(XmlDocument.parse(source));
    }
}
