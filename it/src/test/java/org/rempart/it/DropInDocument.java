/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.it;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilder;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import javax.xml.transform.TransformerException;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import javax.xml.xpath.XPathConstants;
import javax.xml.xpath.XPathExpressionException;
import javax.xml.xpath.XPathFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * docs/drop-in.md, and what it asks for, done. Above each block of lines stands a comment, which readers don't see and
 * which says the same as the text does:
 *
 * <ul>
 *   <li>{@code <!-- paste into="FILE" at="XPATH" from="CONF" after="TEXT" take="LINE|LINE" -->}: the elements of the block
 *       go into each element that the path finds; one of the same name there (and the same {@code state} or {@code name}
 *       attribute, if it has one) is replaced. They are those of our own configuration file CONF that begin, behind the first line with the
 *       TEXT, with the given words.
 *   <li>Without a block below it, the same is done with the lines of the block before, save that {@code but="TAG"} takes
 *       the place of the tag with that name.
 *   <li>{@code <!-- write file="FILE" -->}: the block is a file, as in our own configuration.
 *   <li>{@code <!-- delete in="FILE" at="XPATH" -->}: these elements go.
 *   <li>{@code <!-- copy file="FILE" -->}: a file of our own configuration.
 * </ul>
 */
final class DropInDocument {
    private static final Pattern DIRECTIVE = Pattern.compile(
            "(?m)^ *<!-- (paste|write|delete|copy) (.*?) -->\n(?:( *)```\\w*\n(.*?)^ *```\n)?", Pattern.DOTALL);
    private static final Pattern ATTRIBUTE = Pattern.compile("(\\w+)=(?:\"([^\"]*)\"|'([^']*)')");

    /** Our mails at rest are in a repository of our own, which James doesn't have. */
    private static final String OURS = "stored://";

    private static final String MEMORY = "memory://";

    private final Path project;

    DropInDocument(Path project) {
        this.project = project;
    }

    Path file() {
        return project.resolve("docs/drop-in.md");
    }

    String text() throws IOException {
        return Files.readString(file(), StandardCharsets.UTF_8);
    }

    /** The text as it should be: with the lines as they are in our own configuration. */
    String upToDate() throws IOException {
        Matcher found = DIRECTIVE.matcher(text());
        StringBuilder text = new StringBuilder();
        String lines = "";
        while (found.find()) {
            String whole = found.group();
            if (found.group(4) == null && found.group(1).equals("paste")) {
                String ours = ours(found.group(1), found.group(2));
                if (!ours.equals(but(lines, found.group(2)))) {
                    throw new IOException("docs/drop-in.md: it is not the same here: " + found.group(2)
                            + "\nOur own configuration has:\n" + ours);
                }
            }
            if (found.group(4) != null) {
                lines = ours(found.group(1), found.group(2));
                String block = lines.replaceAll("(?m)^(?=.)", found.group(3));
                int start = found.start(4) - found.start();
                whole = whole.substring(0, start) + block + whole.substring(found.end(4) - found.start());
            }
            found.appendReplacement(text, Matcher.quoteReplacement(whole));
        }
        return found.appendTail(text).toString();
    }

    private String ours(String directive, String attributes) throws IOException {
        if (directive.equals("write")) {
            return ourFile(attribute(attributes, "file"));
        }
        List<String> lines = ourFile(attribute(attributes, "from")).lines().toList();
        int from = 0;
        while (!lines.get(from).contains(attribute(attributes, "after"))) {
            from++;
        }
        StringBuilder block = new StringBuilder();
        for (String take : Pattern.compile("[|]")
                .splitAsStream(attribute(attributes, "take"))
                .toList()) {
            int first = from;
            while (!lines.get(first).strip().startsWith(take)) {
                first++;
            }
            String element = take.replaceAll("^<(\\w+).*", "$1");
            String indent = lines.get(first).replaceAll("\\S.*", "");
            int last = first;
            if (!lines.get(first).contains("</" + element + ">")
                    && !lines.get(first).endsWith("/>")) {
                do {
                    last++;
                } while (!lines.get(last).equals(indent + "</" + element + ">"));
            }
            for (String line : lines.subList(first, last + 1)) {
                block.append(line.startsWith(indent) ? line.substring(indent.length()) : line)
                        .append('\n');
            }
        }
        return block.toString().replace(OURS, MEMORY);
    }

    private String ourFile(String name) throws IOException {
        return Files.readString(project.resolve("conf/src/main/conf").resolve(name), StandardCharsets.UTF_8);
    }

    private static String but(String lines, String attributes) throws IOException {
        String tag = attribute(attributes, "but");
        return lines.replaceAll("<" + tag.replaceAll("^<(\\w+).*", "$1") + "\\b[^>]*>", Matcher.quoteReplacement(tag));
    }

    private static String attribute(String attributes, String name) throws IOException {
        Matcher found = ATTRIBUTE.matcher(attributes);
        while (found.find()) {
            if (found.group(1).equals(name)) {
                return found.group(2) == null ? found.group(3) : found.group(2);
            }
        }
        throw new IOException("docs/drop-in.md: a comment lacks " + name + ": " + attributes);
    }

    /** Does all that it asks for. */
    void apply(Path conf) throws IOException {
        Matcher found = DIRECTIVE.matcher(text());
        int done = 0;
        String lines = "";
        while (found.find()) {
            String attributes = found.group(2);
            switch (found.group(1)) {
                case "paste" -> {
                    lines = found.group(4) == null ? but(lines, attributes) : found.group(4);
                    paste(conf, attributes, lines);
                }
                case "delete" ->
                    change(
                            conf.resolve(attribute(attributes, "in")),
                            attribute(attributes, "at"),
                            (document, element) -> element.getParentNode().removeChild(element));
                case "write" ->
                    Files.writeString(
                            conf.resolve(attribute(attributes, "file")), found.group(4), StandardCharsets.UTF_8);
                default ->
                    Files.writeString(
                            conf.resolve(attribute(attributes, "file")),
                            ourFile(attribute(attributes, "file")),
                            StandardCharsets.UTF_8);
            }
            done++;
        }
        if (done == 0) {
            throw new IOException("docs/drop-in.md asks for nothing");
        }
    }

    private static void paste(Path conf, String attributes, String block) throws IOException {
        Document lines = parse(new InputSource(new StringReader("<lines>" + block + "</lines>")));
        change(conf.resolve(attribute(attributes, "into")), attribute(attributes, "at"), (document, parent) -> {
            for (Node node : children(lines.getDocumentElement())) {
                if (node instanceof Element line) {
                    Node copy = document.importNode(line, true);
                    Node old = children(parent).stream()
                            .filter(child -> child instanceof Element element
                                    && element.getTagName().equals(line.getTagName())
                                    && element.getAttribute("state").equals(line.getAttribute("state"))
                                    && element.getAttribute("name").equals(line.getAttribute("name")))
                            .findFirst()
                            .orElse(null);
                    if (old == null) {
                        parent.appendChild(copy);
                    } else {
                        parent.replaceChild(copy, old);
                    }
                }
            }
        });
    }

    private interface Change {
        void apply(Document document, Element element);
    }

    private static void change(Path file, String path, Change change) throws IOException {
        Document document = parse(new InputSource(file.toUri().toString()));
        try {
            NodeList elements =
                    (NodeList) XPathFactory.newInstance().newXPath().evaluate(path, document, XPathConstants.NODESET);
            if (elements.getLength() == 0) {
                throw new IOException(file + " has no " + path + ", which docs/drop-in.md changes");
            }
            for (int i = 0; i < elements.getLength(); i++) {
                change.apply(document, (Element) elements.item(i));
            }
            TransformerFactory.newInstance()
                    .newTransformer()
                    .transform(new DOMSource(document), new StreamResult(file.toFile()));
        } catch (XPathExpressionException | TransformerException failure) {
            throw new IOException(failure);
        }
    }

    private static List<Node> children(Node parent) {
        List<Node> nodes = new ArrayList<>();
        for (Node child = parent.getFirstChild(); child != null; child = child.getNextSibling()) {
            nodes.add(child);
        }
        return nodes;
    }

    private static Document parse(InputSource source) throws IOException {
        try {
            DocumentBuilder builder = DocumentBuilderFactory.newInstance().newDocumentBuilder();
            return builder.parse(source);
        } catch (ParserConfigurationException | SAXException failure) {
            throw new IOException(failure);
        }
    }
}
