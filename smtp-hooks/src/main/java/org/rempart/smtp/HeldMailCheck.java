/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.smtp;

import java.io.IOException;
import java.io.InputStream;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.apache.james.filesystem.api.FileSystem;

/** Looks whether the pipeline keeps what {@code <held mail="keep"/>} of the policy takes of held accounts. */
final class HeldMailCheck {
    private static final String PIPELINE = "conf/mailetcontainer.xml";

    private HeldMailCheck() {}

    /** @throws IOException when it does not, or that can't be told; its message says what to write */
    static void check(FileSystem files) throws IOException {
        if (!isKept(files)) {
            throw new IOException(
                    "<held mail=\"keep\"/> of the policy takes what held accounts send, and nothing in " + PIPELINE
                            + " keeps it: put <mailet match=\"org.rempart.matcher.AccountIsHeld=kept\" class=\"ToRepository\"> with a"
                            + " <repositoryPath> into the processor root, or write <held mail=\"refuse\"/>");
        }
    }

    private static boolean isKept(FileSystem files) throws IOException {
        XMLInputFactory factory = XMLInputFactory.newInstance();
        factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
        factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
        try (InputStream pipeline = files.getResource(FileSystem.FILE_PROTOCOL + PIPELINE)) {
            XMLStreamReader reader = factory.createXMLStreamReader(pipeline);
            while (reader.hasNext()) {
                if (reader.next() == XMLStreamConstants.START_ELEMENT
                        && reader.getLocalName().equals("mailet")
                        && String.valueOf(reader.getAttributeValue(null, "match"))
                                .endsWith("AccountIsHeld=kept")
                        && String.valueOf(reader.getAttributeValue(null, "class"))
                                .endsWith("ToRepository")) {
                    return true;
                }
            }
            return false;
        } catch (XMLStreamException unreadable) {
            throw new IOException(PIPELINE + " can't be read: " + unreadable.getMessage(), unreadable);
        }
    }
}
