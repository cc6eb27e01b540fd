/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.policy.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.Transformer;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.SchemaFactory;
import org.junit.jupiter.api.Test;
import org.rempart.policy.PolicyException;
import org.w3c.dom.Attr;
import org.w3c.dom.DOMException;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * That the readers of the policy and its schema agree, on every document that is one change away from a good one: what the
 * schema refuses is refused at the start, with a place, and so what the start takes is good for an editor, too.
 */
class SchemaAgreementTest {
    /** Words of the whole grammar, in right places and wrong ones, and some of no grammar. */
    private static final List<String> OTHERS = List.of("", " ", "nonsense", "a b", "0", "1/1h", "x.example", "\u00FC");

    private final DocumentBuilder parser;
    private final Transformer writer;
    private final Set<String> documents = new LinkedHashSet<>();

    SchemaAgreementTest() throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
        factory.setNamespaceAware(true);
        parser = factory.newDocumentBuilder();
        writer = TransformerFactory.newDefaultInstance().newTransformer();
        writer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
    }

    @Test
    void whatTheSchemaRefusesIsRefusedWithItsPlace() throws Exception {
        Schema schema = SchemaFactory.newDefaultInstance().newSchema(PolicyFile.class.getResource("rempart.xsd"));
        List<String> words = new ArrayList<>(words());
        for (String good : Policies.VALID) {
            change(good.replace("\uFEFF", ""), words);
        }
        int refused = 0;
        List<String> disagreements = new ArrayList<>();
        for (String document : documents) {
            boolean valid = isValid(schema, document);
            try {
                Policies.read(document);
                if (!valid) {
                    disagreements.add("the schema refuses, the start takes " + document);
                }
            } catch (PolicyException fault) {
                refused++;
                if (!fault.getMessage().matches("(?s)rempart\\.xml:\\d+:\\d+: .+; .+")) {
                    disagreements.add("no place, or not what would be right: " + fault.getMessage());
                }
            }
        }
        assertThat(disagreements).isEmpty();
        assertThat(refused).isGreaterThan(1000).isLessThan(documents.size() - 1000);
    }

    private static boolean isValid(Schema schema, String document) throws Exception {
        try {
            schema.newValidator().validate(new StreamSource(new StringReader(document)));
            return true;
        } catch (SAXException invalid) {
            return false;
        }
    }

    /** All keywords of the schema. */
    private Set<String> words() throws Exception {
        Document schema =
                parser.parse(PolicyFile.class.getResource("rempart.xsd").toString());
        Set<String> words = new TreeSet<>(OTHERS);
        NodeList keywords = schema.getElementsByTagName("xs:enumeration");
        for (int i = 0; i < keywords.getLength(); i++) {
            words.add(((Element) keywords.item(i)).getAttribute("value"));
        }
        return words;
    }

    /** Adds what this document becomes by each change of one element or attribute. */
    private void change(String good, List<String> words) throws Exception {
        int elements = elements(parse(good)).size();
        for (int which = 0; which < elements; which++) {
            List<String> some = each(words, which);
            changed(good, which, element -> element.getParentNode().removeChild(element));
            changed(good, which, element -> element.getParentNode().insertBefore(element.cloneNode(true), element));
            changed(good, which, element -> element.setAttribute("nonsense", "x"));
            changed(
                    good,
                    which,
                    element -> element.appendChild(element.getOwnerDocument().createElement("nonsense")));
            changed(
                    good,
                    which,
                    element -> element.appendChild(element.getOwnerDocument().createTextNode(" nonsense ")));
            changed(good, which, element -> element.getOwnerDocument().renameNode(element, null, "nonsense"));
            for (String word : some) {
                changed(good, which, element -> {
                    if (element.getChildNodes().getLength() > 0
                            && element.getFirstChild().getNodeType() == Node.TEXT_NODE) {
                        element.getFirstChild().setNodeValue(word);
                    }
                });
            }
            List<String> attributes = new ArrayList<>();
            Element element = elements(parse(good)).get(which);
            for (int i = 0; i < element.getAttributes().getLength(); i++) {
                attributes.add(((Attr) element.getAttributes().item(i)).getName());
            }
            for (String attribute : attributes) {
                changed(good, which, changed -> changed.removeAttribute(attribute));
                for (String word : some) {
                    changed(good, which, changed -> changed.setAttribute(attribute, word));
                }
            }
        }
    }

    /** Every third word, others for each element: all of them everywhere would take long, and tell no more. */
    private static List<String> each(List<String> words, int which) {
        List<String> some = new ArrayList<>();
        for (int i = which % 3; i < words.size(); i += 3) {
            some.add(words.get(i));
        }
        return some;
    }

    private void changed(String good, int which, Consumer<Element> change) throws Exception {
        Document document = parse(good);
        Element element = elements(document).get(which);
        if (element == document.getDocumentElement() && element.getParentNode() == document) {
            Element before = (Element) element.cloneNode(true);
            try {
                change.accept(element);
            } catch (DOMException oneRootOnly) {
                document.replaceChild(before, document.getDocumentElement());
            }
        } else {
            change.accept(element);
        }
        if (document.getDocumentElement() == null) {
            return;
        }
        StringWriter written = new StringWriter();
        writer.transform(new DOMSource(document), new StreamResult(written));
        documents.add(written.toString());
    }

    private Document parse(String xml) throws Exception {
        return parser.parse(new InputSource(new StringReader(xml)));
    }

    private static List<Element> elements(Document document) {
        List<Element> elements = new ArrayList<>();
        NodeList all = document.getElementsByTagName("*");
        for (int i = 0; i < all.getLength(); i++) {
            elements.add((Element) all.item(i));
        }
        return elements;
    }
}
