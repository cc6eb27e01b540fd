/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/**
 * The arrows between the modules point one way: policy and message are asked by hooks, matchers and mailets, which do not
 * know each other; none of them knows the packaged server.
 */
@AnalyzeClasses(packages = "org.rempart", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String OURS = "org.rempart..";
    private static final String POLICY = "org.rempart.policy..";
    private static final String TRAIL = "org.rempart.policy.trail..";
    private static final String LEDGER = "org.rempart.policy.ledger..";
    private static final String MESSAGE = "org.rempart.message..";
    private static final String MATCHERS = "org.rempart.matcher..";
    private static final String MAILETS = "org.rempart.mailet..";
    private static final String HOOKS = "org.rempart.smtp..";
    private static final String JAMES = "org.rempart.james..";

    @ArchTest
    static final ArchRule everyClassHasItsModulesPackage =
            classes().should().resideInAnyPackage(POLICY, MESSAGE, MATCHERS, MAILETS, HOOKS, JAMES);

    @ArchTest
    static final ArchRule policyKnowsAddressesAndDomainsOfJamesAndNothingElseOfTheServer = classes()
            .that()
            .resideInAPackage(POLICY)
            .and()
            .resideOutsideOfPackages(TRAIL, LEDGER)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    POLICY,
                    "java..",
                    "javax.xml..",
                    "org.xml.sax..",
                    "inet.ipaddr..",
                    "org.apache.james.core..",
                    // What James's MailAddress says of a text that is none.
                    "javax.mail.internet");

    @ArchTest
    static final ArchRule messageKnowsOfOursPolicyAlone = knowsOfOursOnly(MESSAGE, POLICY);

    @ArchTest
    static final ArchRule matchersKnowOfOursPolicyAndMessageAlone = knowsOfOursOnly(MATCHERS, POLICY, MESSAGE);

    @ArchTest
    static final ArchRule mailetsKnowOfOursPolicyAndMessageAlone = knowsOfOursOnly(MAILETS, POLICY, MESSAGE);

    @ArchTest
    static final ArchRule hooksKnowOfOursPolicyAndMessageAlone = knowsOfOursOnly(HOOKS, POLICY, MESSAGE);

    @ArchTest
    static final ArchRule policyIsImmutable = fields().that()
            .areDeclaredInClassesThat()
            .resideInAPackage(POLICY)
            .and()
            .areDeclaredInClassesThat()
            .resideOutsideOfPackage(LEDGER)
            // Builders and the reader of the file live in one thread, and what they make takes copies.
            .and()
            .areDeclaredInClassesThat()
            .haveSimpleNameNotEndingWith("Builder")
            .and()
            .areDeclaredInClassesThat()
            .haveSimpleNameNotEndingWith("Reader")
            .should()
            .beFinal();

    @ArchTest
    static final ArchRule nothingIsPrinted = NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

    @ArchTest
    static final ArchRule loggingIsSlf4j = NO_CLASSES_SHOULD_USE_JAVA_UTIL_LOGGING;

    @ArchTest
    static final ArchRule whatMeetsAJamesThatMayBeTheWrongOneNeedsNothingOfOurs = noClasses()
            .that()
            .resideInAPackage(JAMES)
            .should()
            .dependOnClassesThat(resideInAPackage(OURS).and(resideOutsideOfPackages(JAMES)));

    private static ArchRule knowsOfOursOnly(String module, String... others) {
        return noClasses()
                .that()
                .resideInAPackage(module)
                .should()
                .dependOnClassesThat(resideInAPackage(OURS)
                        .and(resideOutsideOfPackage(module))
                        .and(resideOutsideOfPackages(others)));
    }
}
