/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.audit.report;

import java.io.IOException;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import javax.xml.stream.XMLOutputFactory;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamWriter;
import org.rempart.audit.Area;
import org.rempart.audit.Finding;
import org.rempart.audit.Result;
import org.rempart.audit.Verdict;

/** JUnit's XML, as build servers read it: a test a finding, a suite an area. What was not tested is skipped, never passed. */
public final class JunitReport implements Report {
    @Override
    public String of(Result result) throws IOException {
        StringWriter text = new StringWriter();
        try {
            XMLStreamWriter xml = XMLOutputFactory.newFactory().createXMLStreamWriter(text);
            xml.writeStartDocument("UTF-8", "1.0");
            xml.writeStartElement("testsuites");
            xml.writeAttribute("name", "rempart audit of " + result.target());
            for (Area area : Area.values()) {
                suite(xml, result, area);
            }
            xml.writeEndElement();
            xml.writeEndDocument();
            xml.close();
        } catch (XMLStreamException e) {
            throw new IOException(e);
        }
        return text + "\n";
    }

    private static void suite(XMLStreamWriter xml, Result result, Area area) throws XMLStreamException {
        List<Finding> findings = result.findings().stream()
                .filter(finding -> finding.check().area() == area)
                .toList();
        xml.writeStartElement("testsuite");
        xml.writeAttribute("name", area.title());
        xml.writeAttribute("tests", String.valueOf(findings.size()));
        xml.writeAttribute("failures", count(findings, Verdict.FAIL));
        xml.writeAttribute("errors", "0");
        xml.writeAttribute(
                "skipped",
                String.valueOf(findings.stream()
                        .filter(finding ->
                                finding.verdict() == Verdict.NOT_ASKED || finding.verdict() == Verdict.NOT_TESTABLE)
                        .count()));
        xml.writeAttribute("timestamp", result.started().toString());
        for (Finding finding : findings) {
            xml.writeStartElement("testcase");
            xml.writeAttribute("classname", finding.check().id());
            xml.writeAttribute("name", finding.check().title() + " (" + finding.subject() + ")");
            switch (finding.verdict()) {
                case FAIL -> {
                    xml.writeStartElement("failure");
                    xml.writeAttribute("type", finding.check().severity().name().toLowerCase(Locale.ROOT));
                    xml.writeAttribute("message", finding.summary());
                    xml.writeCharacters(String.join("\n", finding.evidence()) + "\n"
                            + finding.check().why());
                    xml.writeEndElement();
                }
                case NOT_ASKED, NOT_TESTABLE -> {
                    xml.writeStartElement("skipped");
                    xml.writeAttribute("message", finding.verdict().label() + ": " + finding.summary());
                    xml.writeEndElement();
                }
                case WARN -> {
                    xml.writeStartElement("system-out");
                    xml.writeCharacters("warning: " + finding.summary() + "\n" + String.join("\n", finding.evidence()));
                    xml.writeEndElement();
                }
                case PASS -> {
                    // Nothing to tell.
                }
            }
            xml.writeEndElement();
        }
        xml.writeEndElement();
    }

    private static String count(List<Finding> findings, Verdict verdict) {
        return String.valueOf(findings.stream()
                .filter(finding -> finding.verdict() == verdict)
                .count());
    }
}
