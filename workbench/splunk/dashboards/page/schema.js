// `complaints(definition)`: what the Dashboard Framework's own schema says against a definition.
import { createSchemaBasedOnPresets } from '@splunk/dashboard-definition';
import EnterprisePreset from '@splunk/dashboard-presets/EnterprisePreset';
import { migrateToTabsLayout } from '@splunk/dashboard-utils';
import { DashboardValidator } from '@splunk/dashboard-validation';

const validator = new DashboardValidator();
const refusal = validator.setSchema(createSchemaBasedOnPresets(EnterprisePreset));
if (refusal) {
    throw refusal;
}

// The schema knows the layout of newer releases only; the framework turns the older one, which 9.3 reads, into it.
window.complaints = (definition) => {
    const { success, definition: migrated, reason } = migrateToTabsLayout({ definition });
    return success ? (validator.validate(migrated) ?? []) : [{ instancePath: '/layout', message: String(reason) }];
};
