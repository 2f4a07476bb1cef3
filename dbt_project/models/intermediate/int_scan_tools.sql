-- The scan type of a tool, where its source may hold several. The tool's name in lower case.
select tool, scan_type
from (
    values
    ('bandit', 'sast'), ('codeql', 'sast'), ('semgrep', 'sast'), ('semgrep oss', 'sast'),
    ('spotbugs', 'sast'), ('flawfinder', 'sast'), ('nodejsscan', 'sast'), ('gosec', 'sast'),
    ('sonarqube', 'sast'), ('eslint', 'sast'), ('brakeman', 'sast'), ('ruff', 'sast'),
    ('dependency-check', 'sca'), ('osv-scanner', 'sca'), ('snyk open source', 'sca'),
    ('gitleaks', 'secret'), ('trufflehog', 'secret'), ('detect-secrets', 'secret'),
    ('checkov', 'iac'), ('tfsec', 'iac'), ('kics', 'iac'), ('terrascan', 'iac'),
    ('dockle', 'container'), ('grype', 'container'), ('trivy', 'container'),
    ('owasp zap', 'dast'), ('zap', 'dast'), ('nuclei', 'dast'), ('burp suite', 'dast'),
    ('prowler', 'cloud_posture'), ('openvas', 'infra_vuln'), ('nessus', 'infra_vuln')
) as tools (tool, scan_type)
