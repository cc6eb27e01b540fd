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
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;

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
    private static final String SERVER = "org.rempart.policy.server..";
    private static final String SHARED = "org.rempart.shared..";
    private static final String MESSAGE = "org.rempart.message..";
    private static final String POLICY_FILE = "org.rempart.policy.file..";
    private static final String VALUES = "org.rempart.policy";
    private static final String MATCHERS = "org.rempart.matcher..";
    private static final String MAILETS = "org.rempart.mailet..";
    private static final String HOOKS = "org.rempart.smtp..";
    private static final String JAMES = "org.rempart.james..";
    private static final String HARDEN = "org.rempart.harden..";

    @ArchTest
    static final ArchRule everyClassHasItsModulesPackage =
            classes().should().resideInAnyPackage(POLICY, SHARED, MESSAGE, MATCHERS, MAILETS, HOOKS, JAMES, HARDEN);

    @ArchTest
    static final ArchRule policyKnowsAddressesAndDomainsOfJamesAndNothingElseOfTheServer = classes()
            .that()
            .resideInAPackage(POLICY)
            .and()
            .resideOutsideOfPackages(TRAIL, LEDGER, SERVER)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(
                    POLICY,
                    "java..",
                    "javax.crypto..",
                    "javax.xml..",
                    "org.w3c.dom..",
                    "org.xml.sax..",
                    "inet.ipaddr..",
                    "com.ibm.icu.text..",
                    "org.apache.commons.codec.binary..",
                    "org.apache.james.core..",
                    // What James's MailAddress says of a text that is none.
                    "javax.mail.internet");

    @ArchTest
    static final ArchRule sharedStateKnowsOfOursPolicyAlone = knowsOfOursOnly(SHARED, POLICY);

    @ArchTest
    static final ArchRule messageKnowsOfOursPolicyAlone = knowsOfOursOnly(MESSAGE, POLICY);

    @ArchTest
    static final ArchRule eachCheckKnowsWhatTheChecksHaveInCommonAndNoOtherCheck = CompositeArchRule.of(
                    knowsInPolicy("org.rempart.policy.relay"))
            .and(knowsInPolicy("org.rempart.policy.headers"))
            .and(knowsInPolicy("org.rempart.policy.submission"))
            .and(knowsInPolicy("org.rempart.policy.forwards"))
            .and(knowsInPolicy("org.rempart.policy.dkim"))
            .and(knowsInPolicy("org.rempart.policy.inbound"))
            .and(knowsInPolicy("org.rempart.policy.filter"))
            .and(knowsInPolicy("org.rempart.policy.tls"))
            .and(knowsInPolicy("org.rempart.policy.shared"))
            .and(knowsInPolicy(VALUES));

    @ArchTest
    static final ArchRule trailAndLedgersKnowNoFile = noClasses()
            .that()
            .resideInAnyPackage(TRAIL, LEDGER)
            .should()
            .dependOnClassesThat()
            .resideInAPackage(POLICY_FILE);

    @ArchTest
    static final ArchRule noTwoPackagesOfThePolicyKnowEachOther =
            slices().matching("org.rempart.(policy..)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule matchersKnowOfOursPolicyAndMessageAlone = knowsOfOursOnly(MATCHERS, POLICY, MESSAGE);

    @ArchTest
    static final ArchRule mailetsKnowOfOursPolicySharedStateAndMessageAlone =
            knowsOfOursOnly(MAILETS, POLICY, SHARED, MESSAGE);

    @ArchTest
    static final ArchRule hooksKnowOfOursPolicyAndMessageAlone = knowsOfOursOnly(HOOKS, POLICY, MESSAGE);

    @ArchTest
    static final ArchRule hardeningNeedsTheJdkAlone = classes()
            .that()
            .resideInAPackage(HARDEN)
            .should()
            .onlyDependOnClassesThat()
            .resideInAnyPackage(HARDEN, "java..", "javax.xml.stream..");

    @ArchTest
    static final ArchRule noTwoPackagesOfHardeningKnowEachOther =
            slices().matching("org.rempart.(harden..)").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule policyIsImmutable = fields().that()
            .areDeclaredInClassesThat()
            .resideInAPackage(POLICY)
            .and()
            .areDeclaredInClassesThat()
            .resideOutsideOfPackages(LEDGER, SERVER)
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

    /** That of the policy a package knows itself and the values, and no more. */
    private static ArchRule knowsInPolicy(String name) {
        return noClasses()
                .that()
                .resideInAPackage(name)
                .should()
                .dependOnClassesThat(resideInAPackage(POLICY).and(resideOutsideOfPackages(VALUES, name)));
    }
}
