/*
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
 * the License. You may obtain a copy of the License at https://www.apache.org/licenses/LICENSE-2.0
 */
package org.rempart.distribution;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** The folders of the packaged server stand in an order, and no import runs back. */
@AnalyzeClasses(packages = "org.rempart.distribution", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    private static final String OURS = "org.rempart.distribution.";

    /** The hooks, matchers and mailets are extensions: they are no part of lib/, and a class of theirs stops the start. */
    @ArchTest
    static final ArchRule nothingOfTheExtensionsIsImported = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.rempart.smtp..", "org.rempart.matcher..", "org.rempart.mailet..");

    @ArchTest
    static final ArchRule noImportRunsBack = layeredArchitecture()
            .consideringOnlyDependenciesInAnyPackage("org.rempart.distribution..")
            .layer("home")
            .definedBy(OURS + "home..")
            .layer("limits")
            .definedBy(OURS + "limits..")
            .layer("database")
            .definedBy(OURS + "database..")
            .layer("accounts")
            .definedBy(OURS + "accounts..")
            .layer("directory")
            .definedBy(OURS + "directory..")
            .layer("mailboxes")
            .definedBy(OURS + "mailboxes..")
            .layer("imap")
            .definedBy(OURS + "imap..")
            .layer("queue")
            .definedBy(OURS + "queue..")
            .layer("backup")
            .definedBy(OURS + "backup..")
            .layer("admin")
            .definedBy(OURS + "admin..")
            .layer("checks")
            .definedBy(OURS + "checks..")
            .layer("server")
            .definedBy(OURS + "server..")
            .layer("cli")
            .definedBy(OURS + "cli..")
            .whereLayer("home")
            .mayNotAccessAnyLayer()
            .whereLayer("limits")
            .mayOnlyAccessLayers("home")
            .whereLayer("database")
            .mayOnlyAccessLayers("home")
            .whereLayer("accounts")
            .mayOnlyAccessLayers("home", "database")
            .whereLayer("directory")
            .mayOnlyAccessLayers("home", "accounts")
            .whereLayer("mailboxes")
            .mayOnlyAccessLayers("home", "database", "accounts")
            .whereLayer("imap")
            .mayOnlyAccessLayers("home", "limits", "mailboxes")
            .whereLayer("queue")
            .mayOnlyAccessLayers("home", "database")
            .whereLayer("backup")
            .mayOnlyAccessLayers("home", "database", "queue")
            .whereLayer("admin")
            .mayOnlyAccessLayers("home", "queue", "backup")
            .whereLayer("checks")
            .mayOnlyAccessLayers("home", "database", "directory")
            .whereLayer("server")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("cli")
            .mayNotBeAccessedByAnyLayer()
            .whereLayer("cli")
            .mayOnlyAccessLayers("home", "backup", "checks");

    @ArchTest
    static final ArchRule everyClassLiesInAFolder =
            classes().should().resideInAPackage("org.rempart.distribution.(*)..");

    @ArchTest
    static final ArchRule noCircles =
            slices().matching("org.rempart.distribution.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule commandsReachTheServerOverHttpOnly = noClasses()
            .that()
            .resideInAPackage(OURS + "cli..")
            .should()
            // A policy's answers are about domains, which are James's core's.
            .dependOnClassesThat(resideInAPackage("org.apache.james..")
                    .and(not(resideInAPackage("org.apache.james.core..")))
                    .or(resideInAnyPackage("java.sql..", "javax.sql.."))
                    .as("classes of James or of databases"));
}
