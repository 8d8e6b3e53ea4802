// Shows one Dashboard Studio view with Splunk's own Dashboard Framework. What it needs stands in the HTML around it.
import { DashboardContextProvider } from '@splunk/dashboard-context';
import { DashboardCore } from '@splunk/dashboard-core';
import EnterprisePreset from '@splunk/dashboard-presets/EnterprisePreset';
import { SplunkThemeProvider, variables } from '@splunk/themes';
import React, { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import styled from 'styled-components';

const Ground = styled.div`
    min-height: 100vh;
    background-color: ${variables.backgroundColorPage};
    color: ${variables.contentColorActive};
    font-family: ${variables.sansFontFamily};
`;
const Heading = styled.header`
    padding: 12px 20px 4px;
    h1 { margin: 0; font-size: 22px; font-weight: 600; }
    p { margin: 4px 0 0; font-size: 14px; color: ${variables.contentColorDefault}; }
`;

// `window.dispatchEvent(new CustomEvent('theme', { detail: 'dark' }))` changes the theme of a page that is open.
function useTheme(first) {
    const [theme, setTheme] = useState(first);
    useEffect(() => {
        const change = (event) => setTheme(event.detail);
        window.addEventListener('theme', change);
        return () => window.removeEventListener('theme', change);
    }, []);
    return theme;
}

function View({ definition, firstTheme }) {
    const theme = useTheme(firstTheme);
    return (
        <SplunkThemeProvider family="enterprise" colorScheme={theme} density="comfortable">
            <Ground data-theme={theme}>
                <Heading>
                    <h1>{definition.title}</h1>
                    <p>{definition.description}</p>
                </Heading>
                <DashboardContextProvider
                    preset={EnterprisePreset}
                    initialDefinition={definition}
                    timezone={{ ianaTimezone: 'UTC', serializedTimezone: window.$C.SERVER_ZONEINFO }}
                >
                    <DashboardCore width="100%" height="auto" />
                </DashboardContextProvider>
            </Ground>
        </SplunkThemeProvider>
    );
}

const { definition, theme } = JSON.parse(document.getElementById('view').textContent);
createRoot(document.getElementById('dashboard')).render(<View definition={definition} firstTheme={theme} />);
